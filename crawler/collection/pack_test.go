package collection_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"io"
	"testing"
)

func newDeflate(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

// zipped returns a zip file with one entry, stored as it is.
func zipped(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
