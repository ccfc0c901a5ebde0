package specs

// Folders says of each folder what its specs are about, in the order in which a reader may want them.
func Folders() []Folder { return folders }

// Folder is a folder of specs.
type Folder struct{ Name, About string }

var folders = []Folder{
	{"seed", "the race of 2022 (race A): a walker under every policy"},
	{"family", "races A to E, by era: with the locks that each release takes"},
	{"walkers", "walkers of page tables, with the locks of the era"},
	{"tables", "what protects a walker from which way to free a table"},
	{"gather", "freeing and unsharing several tables in one TLB gather"},
	{"hazards", "what has been close to going wrong, or goes wrong elsewhere"},
	{"kernel", "RCU, counts, locks and TLBs of the library, each by itself"},
	{"residual", "what is left open, and why it does no harm"},
	{"bugs", "bugs of the kernel that were fixed, by the fixing commit"},
	{"order", "the order of locks, by era"},
	{"reclaim", "tables that wait for readers before they are freed"},
	{"locks", "circular locking dependencies"},
	{"classic", "textbook algorithms with known answers"},
	{"bench", "large state spaces, to measure with"},
}
