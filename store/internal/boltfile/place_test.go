package boltfile

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlaced(t *testing.T) {
	for _, tt := range []struct {
		bits    int
		network string
		says    string
	}{
		{64, "", ""},
		{32, "", "32-bit machines"},
		{64, "NFS", "network file system (NFS)"},
	} {
		err := placed("/archive", tt.bits, tt.network)
		if (err == nil) != (tt.says == "") || err != nil && (!errors.Is(err, ErrPlace) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// TestPlace: here tests may write, so here is a place.
func TestPlace(t *testing.T) {
	if err := checkPlace(filepath.Join(t.TempDir(), "x.db")); err != nil {
		t.Skip("the temporary folder is no place for a file:", err)
	}
}
