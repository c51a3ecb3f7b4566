package filetype

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
)

// maxEntries bounds how many entries of a container are looked at. What names a type stands among the first.
const maxEntries = 4096

// zipped says what a zip archive holds. The content decides: WPS Office saves the format of Word as .wps too.
func zipped(body []byte, name string) Type {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return zippedHint(name) // cut short, or not as archive/zip likes it
	}
	for _, f := range z.File[:min(len(z.File), maxEntries)] {
		switch entry := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/")); {
		case strings.HasPrefix(entry, "word/document"):
			return DOCX
		case strings.HasPrefix(entry, "xl/workbook"):
			return XLSX
		case strings.HasPrefix(entry, "ppt/presentation"):
			return PPTX
		case entry == "ofd.xml":
			return OFD
		case entry == "mimetype" && storedText(f) == "application/vnd.oasis.opendocument.text":
			return ODT
		}
	}
	if t := zippedHint(name); t == WPS {
		return t
	}
	return ZIP
}

// zippedHint is what the name makes of an archive whose entries say nothing.
func zippedHint(name string) Type {
	switch t := Type(extension(name)); t {
	case DOCX, XLSX, PPTX, OFD, WPS, ODT:
		return t
	}
	return ZIP
}

// storedText returns a short entry's text, or "".
func storedText(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 256))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

var oleSignature = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

// compound says what an OLE2 compound file holds, by the streams in its directory. The format of Word named .wps is
// DOC: it is read like one.
func compound(body []byte, name string) Type {
	other := Type("")
	for _, entry := range oleEntries(body) {
		switch entry {
		case "WordDocument":
			return DOC
		case "Workbook", "Book":
			return XLS
		case "PowerPoint Document":
			return PPT
		case "EncryptedPackage":
			other = encrypted(name)
		case "CONTENTS", "MatOST", "MM", "WpsDocument", "WPSDocument":
			other = WPS
		}
	}
	if other != "" {
		return other
	}
	switch t := Type(extension(name)); t {
	case DOC, XLS, PPT, WPS: // a directory that could not be read
		return t
	}
	return Unknown
}

// encrypted is the type of an Office document with a password: only its name says which.
func encrypted(name string) Type {
	switch t := Type(extension(name)); t {
	case XLSX, PPTX:
		return t
	}
	return DOCX
}

// Of the compound file format [MS-CFB]: where things stand in its header, and what ends a chain of sectors.
const (
	oleHeader      = 512
	oleShiftAt     = 30
	oleDirectoryAt = 48
	oleFATsAt      = 76
	oleFATs        = 109 // FAT sectors listed in the header: enough for 6.8 MB; directories stand early
	oleEntry       = 128
	oleLastSector  = 0xfffffffa // greater numbers end a chain
)

// oleEntries lists the names in the directory of a compound file, as far as it can be followed. A chain is followed for
// maxEntries entries at most, so that one that bites its tail ends too.
func oleEntries(body []byte) []string {
	if len(body) < oleHeader {
		return nil
	}
	shift := binary.LittleEndian.Uint16(body[oleShiftAt:])
	if shift != 9 && shift != 12 {
		return nil
	}
	size := 1 << shift
	var names []string
	sector := binary.LittleEndian.Uint32(body[oleDirectoryAt:])
	for range maxEntries * oleEntry / size {
		data := oleSector(body, sector, size)
		if data == nil {
			break
		}
		for len(data) >= oleEntry {
			if name := oleName(data[:oleEntry]); name != "" {
				names = append(names, name)
			}
			data = data[oleEntry:]
		}
		sector = oleNext(body, sector, size)
	}
	return names
}

// oleSector returns a sector, or nil where the file does not reach.
func oleSector(body []byte, sector uint32, size int) []byte {
	if sector >= oleLastSector {
		return nil
	}
	start := (int64(sector) + 1) * int64(size)
	if start+int64(size) > int64(len(body)) {
		return nil
	}
	return body[start : start+int64(size)]
}

// oleNext looks up in the FAT which sector follows one.
func oleNext(body []byte, sector uint32, size int) uint32 {
	perSector := uint32(size / 4)
	if sector/perSector >= oleFATs {
		return oleLastSector
	}
	fat := binary.LittleEndian.Uint32(body[oleFATsAt+4*(sector/perSector):])
	data := oleSector(body, fat, size)
	if data == nil {
		return oleLastSector
	}
	return binary.LittleEndian.Uint32(data[4*(sector%perSector):])
}

// oleName returns the name of a directory entry; "" for an unused one.
func oleName(entry []byte) string {
	length := int(binary.LittleEndian.Uint16(entry[64:]))
	if length < 4 || length > 64 || entry[66] == 0 {
		return ""
	}
	units := make([]uint16, length/2-1) // without the final zero
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(entry[2*i:])
	}
	return string(utf16.Decode(units))
}
