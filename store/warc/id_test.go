package warc

import (
	"fmt"
	"testing"
)

// TestRecordID: ids are those of RFC 9562, whose example is the name www.example.com in the namespace of domain names.
func TestRecordID(t *testing.T) {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	if got := fmt.Sprintf("%x", nameUUID(dns, "www.example.com")); got != "2ed6657de927568b95e12665a8aea6a2" {
		t.Error(got)
	}
	const want = "<urn:uuid:b73048fd-cb28-50be-be74-d642cd6e03d3>" // an export of today has the ids of one of yesterday
	if got := recordID("response", "1"); got != want {
		t.Error(got)
	}
}
