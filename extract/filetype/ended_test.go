package filetype

import (
	"strings"
	"testing"
)

// TestEnded: a document has its end where its own format has one, whatever blanks follow it.
func TestEnded(t *testing.T) {
	for body, want := range map[string]bool{
		"": false, "<html>x</HTML>\r\n\x00": true, "<html>x</html> <!-- more": false,
		"%PDF-1.7 …\n%%EOF\n": true, "%PDF-1.7 …\n%%EO": false, "%PDF-1.7 </html>": false,
		"PK\x03\x04…PK\x05\x06 and a comment": true, "PK\x03\x04…": false,
		"%PDF-1.7 %%EOF" + strings.Repeat("x", EndWithin): false,
	} {
		if got := Ended([]byte(body)); got != want {
			t.Errorf("%.30q: %v", body, got)
		}
	}
}
