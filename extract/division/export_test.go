package division

// What the rules make of a name, for tests that hold other packages to it.

func ShortNames(d Division) (names []string, bare string) {
	return shortNames(entry{name: d.Name, level: d.Level})
}

var Customary = customary
