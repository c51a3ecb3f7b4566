package extract_test

// known lists what generated pages have shown and nobody has mended yet, one cause an entry, the worst first. Remove
// an entry and run TestGenerated: the pages that fail are those it kept away.
var known = []knownFault{}
