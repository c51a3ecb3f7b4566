package boltfile

import "testing"

func TestNetworkNamed(t *testing.T) {
	for number, want := range map[int64]string{0x6969: "NFS", 0xff534d42: "CIFS", -0xacb2be: "CIFS", -0x1acb2be: "SMB2", 0xef53: "", 0x01021994: "", 0x58465342: "", 0x9123683e: ""} { // and ext4, tmpfs, XFS, btrfs
		if got := networkNamed(number); got != want {
			t.Errorf("%#x is %q, want %q", number, got, want)
		}
	}
}
