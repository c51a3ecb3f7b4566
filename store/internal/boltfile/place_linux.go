package boltfile

import "syscall"

// The numbers by which statfs(2) tells file systems of other machines.
var networks = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x00c36400: "Ceph",
	0x73757245: "Coda",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x7461636f: "OCFS2",
	0x01161970: "GFS2",
}

// networkFS names the network file system that a folder is on; "" when it is on none, or cannot be known.
func networkFS(dir string) string {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return ""
	}
	return networkNamed(int64(st.Type))
}

// networkNamed names a network file system by its number, which some machines extend by its sign.
func networkNamed(number int64) string { return networks[int64(uint32(number))] }
