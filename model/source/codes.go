package source

import (
	"slices"
	"strings"
)

// CodeDoc explains a diagnostic code: what `pmdcheck explain CODE` prints.
type CodeDoc struct {
	Code   string
	Title  string // what is wrong, in a few words
	Text   string // why it is an error, and what to do
	Before string // a whole spec that gets the diagnostic, or "" where that would be long
	After  string // the same spec put right
}

// Codes returns the documentation of every code, sorted. The slice is the caller's.
func Codes() []CodeDoc {
	c := slices.Clone(codes)
	slices.SortFunc(c, func(a, b CodeDoc) int { return strings.Compare(a.Code, b.Code) })
	return c
}

// LookupCode finds the documentation of a code.
func LookupCode(code string) (CodeDoc, bool) {
	i := slices.IndexFunc(codes, func(d CodeDoc) bool { return d.Code == code })
	if i < 0 {
		return CodeDoc{}, false
	}
	return codes[i], true
}

// A test holds this table against the codes in the source, and each Before and After against the front end.
var codes = []CodeDoc{
	{
		"argument-count", "wrong number of arguments",
		"A function is called with as many arguments as it has parameters; the built-in ones have a fixed form each. There are no optional arguments.",
		"u2 x;\nvoid set(u2 v) { x = v; }\nprocess p { set(1, 2); }\n", "u2 x;\nvoid set(u2 v) { x = v; }\nprocess p { set(1); }\n",
	},
	{
		"bad-attribute", "attribute that means nothing here",
		"A struct takes @use(property), @free(property) and @leak(property), a field @guard(property), @keep and @weak, a shared variable @weak, a function or process @kernel(\"file\", \"function\", versions or feature, \"commit\"...), a parameter @group(name, value, what it stands for...). Anything else is an error, so that a misspelt attribute is not a silently missing check.",
		"@used(gone) struct s { u2 x; };\nstruct s A;\nprocess p { A.x = 1; }\n", "@use(gone) struct s { u2 x; };\nstruct s A;\nprocess p { A.x = 1; }\n",
	},
	{
		"bad-character", "character outside the language",
		"Outside comments and strings a spec consists of ASCII. Quotation marks and dashes that came from a word processor are the usual cause.",
		"const N = ‘3’;\n", "const N = 3;\n",
	},
	{
		"bad-choose", "choices nested too deep",
		"A choose that an alternative of another one begins with is made together with it, and so on, at most 32 deep. Let an alternative begin with a step of its own: skip;.",
		"", "",
	},
	{
		"bad-constant", "constant without a value",
		"A constant divides by zero, or shifts by less than 0 or more than 31 bits. If it does so only with some values of the config parameters, exclude these configurations with `where`, or decide first, as in n == 0 || 6 / n > 1.",
		"config u2 n = 0;\nu2 x;\nprocess p { x = 1; }\nexpect 6 / n > 1: holds;\n", "config u2 n = 0;\nu2 x;\nprocess p { x = 1; }\nexpect n == 0 || 6 / n > 1: holds;\n",
	},
	{
		"bad-default", "default beside a case without condition",
		"The default of a choose stands for \"none of the other conditions\", so every other case needs one. A case without a condition can always be taken.",
		"bool b;\nprocess p { choose { case: b = true; default: b = false; } }\n", "bool b;\nprocess p { choose { case !b: b = true; default: b = false; } }\n",
	},
	{
		"bad-feature", "feature that no release can have",
		"A feature is what one change of the kernel did. By default a configuration has it if its release, the constant KERNEL, is in the range of the feature; so there is such a constant, `until` is behind `since`, the shapes of a feature stand in the order of their releases (and have `since` in place of the feature), and commits are 7 to 40 hexadecimal digits.",
		"const KERNEL = v6.5;\nfeature f fix since v6.5 until v6.1 \"what it does\";\nu2 x;\nprocess p { x = f ? 1 : 2; }\n", "const KERNEL = v6.5;\nfeature f fix since v6.1 until v6.5 \"what it does\";\nu2 x;\nprocess p { x = f ? 1 : 2; }\n",
	},
	{
		"bad-initialiser", "initialiser of another shape",
		"Braces initialise arrays element by element and structs field by field (.field = value, or in order); a scalar takes a single expression.",
		"struct s { u2 x; };\nstruct s A = { 1, 2 };\nprocess p { A.x = 2; }\n", "struct s { u2 x; };\nstruct s A = { .x = 1 };\nprocess p { A.x = 2; }\n",
	},
	{
		"bad-number", "number that cannot be read",
		"Numbers are decimal, hexadecimal (0x1f) or binary (0b101), without suffixes, fractions or leading zeros.",
		"const N = 010;\n", "const N = 8;\n",
	},
	{
		"bad-override", "override of nothing, or of something else",
		"`override` replaces a function of an imported file. The function must exist, and have the same parameters and result, because others call it.",
		"override void spin(void) { }\nprocess p { spin(); }\n", "void spin(void) { }\nprocess p { spin(); }\n",
	},
	{
		"bad-range", "range or count without sense",
		"int<lo..hi> needs lo <= hi within 32 bits, a sweep lo..hi at least one and at most 65536 values, an array 1 to 4096 elements, a process 0 to 64 instances.",
		"int<3..0> x;\nprocess p { x = 1; }\n", "int<0..3> x;\nprocess p { x = 1; }\n",
	},
	{
		"bad-return", "return that does not fit the function",
		"A void function returns nothing, every other one a value of its type.",
		"u2 x;\nvoid f(void) { return 1; }\nprocess p { f(); x = 1; }\n", "u2 x;\nu2 f(void) { return 1; }\nprocess p { x = f(); }\n",
	},
	{
		"bad-string", "string that cannot be read",
		"A string ends on its line and knows the escapes \\n, \\t, \\\\ and \\\".",
		"property safe \"no \\access\";\n", "property safe \"no \\\\access\";\n",
	},
	{
		"bad-type", "type that cannot stand here",
		"There are no variables of type void, no whole structs or arrays as values, parameters or results, no pointers to pointers or arrays, and config parameters are bool, enum or integer. Pass a pointer, or the parts.",
		"struct s { u2 x; };\nstruct s A;\nvoid f(struct s a) { }\nprocess p { A.x = 1; }\n", "struct s { u2 x; };\nstruct s A;\nvoid f(struct s *a) { a->x = 1; }\nprocess p { f(&A); }\n",
	},
	{
		"binary-file", "not a text",
		"The file contains NUL bytes. A spec is a text in UTF-8.",
		"", "",
	},
	{
		"call-in-condition", "call where one step has to decide",
		"The condition of await, a case of choose, an invariant or a cover is evaluated in one step, and the sides of ?: are evaluated only if needed; functions are inlined as statements and cannot run there. Write the expression out, or call the function before.",
		"u2 x;\nbool big(u2 v) { return v > 1; }\nprocess p { await (big(x)); }\nprocess q { x = 2; }\n", "u2 x;\nprocess p { await (x > 1); }\nprocess q { x = 2; }\n",
	},
	{
		"constant-cycle", "constant that depends on itself",
		"A const may use other constants and config parameters in any order of declaration, but not itself.",
		"const A = B + 1;\nconst B = A;\n", "const A = B + 1;\nconst B = 1;\n",
	},
	{
		"duplicate-name", "name declared twice",
		"All files of a spec share one name space for constants, config parameters, variables, functions, typedefs and enum values; struct and enum tags, and processes, have one each. Within a function an inner block may shadow a name, the same block may not declare it twice.",
		"u2 x;\nbool x;\n", "u2 x;\nbool y;\n",
	},
	{
		"duplicate-sweep", "second sweep",
		"A spec has one `for`, which spans all its configurations. Put the parameters into one line and exclude configurations with `where`.",
		"config bool a;\nconfig bool b;\nprocess p { skip; }\nfor a;\nfor b;\n", "config bool a;\nconfig bool b;\nprocess p { skip; }\nfor a, b;\n",
	},
	{
		"empty-choose", "nothing to choose from",
		"A choose without alternatives would end its process silently. To wait for ever, write await (false).",
		"process p { choose { } }\n", "process p { end: await (false); }\n",
	},
	{
		"file-too-large", "file too large",
		"A file has at most 4 MiB. What large generated models usually need is a loop, a replicated process or a config parameter.",
		"", "",
	},
	{
		"import-cycle", "file that imports itself",
		"Imports form a tree or share leaves; a file cannot import itself, directly or through others. Move what both need into a third file.",
		"", "",
	},
	{
		"litmus-limit", "litmus test beyond a limit",
		"A litmus test has at most 1 MiB of text, 32 processes, 256 locations and 256 elements in an array, and operators and blocks are nested at most 200 deep. A test of that size is generated, or damaged; no enumeration of its executions would come to an end.",
		"", "",
	},
	{
		"litmus-name", "name that a litmus test does not know",
		"A register belongs to its process and is declared there, a location is a parameter of the process that uses it, and functions are those that tools/memory-model/linux-kernel.def knows. Anything else would be a question about something that is not there.",
		"C t\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*z, 1);\n}\nexists (x=1)\n", "C t\n{}\nP0(int *z)\n{\n\tWRITE_ONCE(*z, 1);\n}\nexists (z=1)\n",
	},
	{
		"litmus-syntax", "text that is no litmus test",
		"A litmus test is a line `C name`, an initial state in braces, processes P0, P1 and so on with pointers as parameters, and a condition that begins with exists, ~exists or forall. Memory is accessed through *x; x alone is an address.",
		"C t\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(x, 1);\n}\nexists (x=1)\n", "C t\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1)\n",
	},
	{
		"litmus-unsupported", "litmus test of a kind that is not supported",
		"Tests are in C and run straight through: there are no loops, structs or arrays of registers, and no assembly. Write a loop out, once for each round, and use a location for each field.",
		"C t\n{}\nP0(int *x)\n{\n\twhile (1) { WRITE_ONCE(*x, 1); }\n}\nexists (x=1)\n", "C t\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1)\n",
	},
	{
		"missing-import", "file to import not found",
		"\"linux/mm/hugetlb\" is a file of the embedded library, \"./name\" is name.pmd beside the importing file. Nothing else can be imported.",
		"import \"linux/mm/hugetlbfs\";\nprocess p { skip; }\n", "process p { skip; }\n",
	},
	{
		"missing-return", "function that may end without a value",
		"Every way through a function with a result ends in return. A loop that always returns from inside does not count unless it is while (true).",
		"u2 x;\nu2 f(void) { if (x > 1) return 1; }\nprocess p { x = f(); }\n", "u2 x;\nu2 f(void) { if (x > 1) return 1; return 0; }\nprocess p { x = f(); }\n",
	},
	{
		"no-lifetime", "lifetime of something that has none",
		"Only objects of a struct with @use (or @free, @leak) can be allocated, freed, asked whether they live, or wait in a pool; others exist for ever.",
		"struct s { u2 x; };\nstruct s A;\nprocess p { free (&A); }\n", "@use(gone) struct s { u2 x; };\nstruct s A;\nprocess p { free (&A); }\n",
	},
	{
		"no-objects", "pointer to a struct without objects",
		"The spec declares no object of this struct, so the pointer can only be NULL, and following it can only fail. Declare an object, or a pool of them.",
		"struct s { u2 x; };\nstruct s *r;\nprocess p { r->x = 1; }\n", "struct s { u2 x; };\nstruct s A;\nstruct s *r = &A;\nprocess p { r->x = 1; }\n",
	},
	{
		"not-a-place", "not a variable",
		"The left side of an assignment, and what & and READ_ONCE are given, is a variable, a field or an element. A pointer parameter that stands for one place for its whole life cannot be assigned.",
		"u2 x;\nprocess p { x + 1 = 2; }\n", "u2 x;\nprocess p { x = 2 - 1; }\n",
	},
	{
		"not-a-value", "not a value",
		"Whole structs and arrays, functions, types and strings are not values, and a call of a void function yields none.",
		"u2 x;\nvoid f(void) { x = 1; }\nprocess p { x = f(); }\n", "u2 x;\nu2 f(void) { return 1; }\nprocess p { x = f(); }\n",
	},
	{
		"not-bound", "process that is on no CPU or in no mm",
		"this_cpu and this_mm have a value only in a process that is bound, `process p on cpu 0 in mm m`. The call stack of the diagnostic shows which process gets here.",
		"u2 x;\nprocess p { x = this_cpu; }\n", "u2 x;\nprocess p on cpu 0 { x = this_cpu; }\n",
	},
	{
		"not-constant", "constant expected",
		"Config defaults, bounds, array lengths, case labels, initialisers of globals, the CPU of a process, and the conditions of expect, tier, where and when are fixed before any process runs: literals, enum values, config parameters, constants, and addresses of objects. What says which configurations there are (sweeps, types and defaults of config parameters) is the same in all configurations and depends on no parameter; what is said of a configuration (where, tier, expect) depends on no object.",
		"u2 x;\nu2 y = x;\nprocess p { y = 1; }\n", "const X = 1;\nu2 y = X;\nprocess p { y = 2; }\n",
	},
	{
		"not-in-process", "outside any process",
		"self, this_cpu and this_mm say which process is running; an invariant or a cover expression looks at a state in which none is.",
		"u2 x;\nprocess p { x = 1; }\ninvariant i: x != self;\n", "u2 x;\nprocess p { x = 1; }\ninvariant i: x != 2;\n",
	},
	{
		"out-of-range", "value that cannot fit",
		"A constant, an index or every possible value of an expression lies outside the type it is stored in, or an intermediate value could leave 32 bits. What only may not fit at run time is no error of the spec but a violation of no_fault with a trace.",
		"u2 x;\nprocess p { x = 4; }\n", "u3 x;\nprocess p { x = 4; }\n",
	},
	{
		"recursion", "function that calls itself",
		"Functions are inlined, so the model stays finite by construction. Use a loop.",
		"u2 x;\nvoid f(void) { x = 1; f(); }\nprocess p { f(); }\n", "u2 x;\nvoid f(void) { x = 1; }\nprocess p { while (true) f(); }\n",
	},
	{
		"static-assert", "static assertion fails",
		"The condition of a static_assert is false for this configuration. Exclude the configuration with `where`, or change the constants.",
		"config u2 n = 3;\nstatic_assert(n < 3, \"two at most\");\nprocess p { skip; }\n", "config u2 n = 2;\nstatic_assert(n < 3, \"two at most\");\nprocess p { skip; }\n",
	},
	{
		"promela-guard", "condition that cannot be exported",
		"In Promela a step is enabled by what is true before it. An await inside an atomic block, behind stores and branches, is about what the block has done so far; its condition before the block is computed for export, unless there are too many ways to it. Nothing is wrong with the spec: `pmdcheck check` takes it.",
		"", "",
	},
	{
		"promela-long", "step too long to be exported",
		"Merging puts all local operations into the step before them, and SPIN takes about two thousand statements in one step. Export with --no-merge.",
		"", "",
	},
	{
		"promela-choice", "choice that cannot be exported",
		"A choice in an atomic block is made so that the block can run to its end: every way through it is tried. A step of SPIN decides on its way, and cannot take a decision back. What a block chooses before it does anything else is exported as an alternative for each way; so is a choice outside atomic blocks.",
		"u2 x;\nprocess p { atomic { if (x == 0) { choose { case: x = 1; case: x = 2; } } } }\nprocess q { x = 3; }\n", "u2 x;\nprocess p { choose { case: atomic { if (x == 0) x = 1; } case: atomic { if (x == 0) x = 2; } } }\nprocess q { x = 3; }\n",
	},
	{
		"promela-loop", "loop that cannot be exported",
		"A step that repeats something until a condition holds may never end. pmdcheck makes that a fault; SPIN has no such bound and would hang. Loops with constant bounds are no loops by then, and a loop outside atomic blocks is no loop within a step.",
		"u2 x;\nprocess p { atomic { while (x < 3) x++; } }\nprocess q { x = 2; }\n", "u2 x;\nprocess p { atomic { for (int i = 0; i < 2; i++) if (x < 3) x++; } }\nprocess q { x = 2; }\n",
	},
	{
		"promela-memory", "store buffers that cannot be exported",
		"Under memory_model == tso stores wait in buffers, which are processes and variables that pmdcheck adds. SPIN knows sequentially consistent memory alone, so that is what is exported: the states of the two tools would not be those of one program otherwise.",
		"", "",
	},
	{
		"stored-address", "address that cannot be stored",
		"A pointer variable holds NULL, an object, or a shared scalar. The address of a nested struct or of a local stands for that place only while it is passed down: as an argument, or as the initialiser of a local pointer that is never assigned again.",
		"struct in { u2 x; };\nstruct s { struct in a; };\nstruct s A;\nstruct in *r;\nprocess p { r = &A.a; }\n",
		"struct in { u2 x; };\nstruct s { struct in a; };\nstruct s A;\nvoid set(struct in *r) { r->x = 1; }\nprocess p { set(&A.a); }\n",
	},
	{
		"stray-jump", "jump out of nothing",
		"break leaves the nearest loop, switch or, inside one of these, a choose; continue goes on with the nearest loop. Outside they have no target.",
		"process p { break; }\n", "process p { while (true) break; }\n",
	},
	{
		"struct-cycle", "struct that contains itself",
		"A struct may contain other structs, and pointers to any, but not itself.",
		"struct s { struct s inner; };\nstruct s A;\nprocess p { skip; }\n", "struct s { struct s *next; };\nstruct s A;\nprocess p { A.next = &A; }\n",
	},
	{
		"syntax", "not a sentence of the language",
		"The text does not follow the grammar (model/syntax/grammar.txt). The message says what was expected; habits of C that the language does not have get a hint. The parser goes on behind the error, so all syntax errors of a file come at once.",
		"u2 x\nprocess p { x = 1; }\n", "u2 x;\nprocess p { x = 1; }\n",
	},
	{
		"too-deep", "nested too deeply",
		"Expressions and blocks nest a few hundred levels at most. Put parts of it into functions or constants of their own.",
		"", "",
	},
	{
		"too-large", "model that becomes too large",
		"A few lines can span millions of configurations, elements or operations: sweeps multiply, arrays have dimensions, functions are inlined and loops with constant bounds unrolled. The message says which limit was exceeded where, the hint which `--limits name=number` raises it. Usually less is meant: count with a variable that something else assigns, sweep less, or call less.",
		"", "",
	},
	{
		"too-many-errors", "more errors than are shown",
		"The rest of the file is not read. The first error is usually the cause of many.",
		"", "",
	},
	{
		"type-mismatch", "type that does not fit",
		"Integers and bools mix; enums, pointers and structs only with their like. -> follows a pointer to a struct, . selects from a struct, * needs a reference, switch an integer or enum.",
		"struct s { u2 x; };\nstruct s A;\nstruct s *r;\nprocess p { r = A.x; }\n", "struct s { u2 x; };\nstruct s A;\nstruct s *r;\nprocess p { r = &A; }\n",
	},
	{
		"typedef-cycle", "typedef that refers to itself",
		"A typedef gives a name to a type that exists without it.",
		"typedef b_t a_t;\ntypedef a_t b_t;\na_t x;\n", "typedef u2 a_t;\ntypedef a_t b_t;\nb_t x;\n",
	},
	{
		"unknown-cover", "cover that no statement marks",
		"`unreachable` names covers of the spec. `cover name;` at top level demands that a statement `cover name;` is executed in some run. Without such a statement, give a condition: `cover name: expr;`.",
		"u2 x;\nprocess p { cover here; x = 1; }\ncover there;\n", "u2 x;\nprocess p { cover here; x = 1; }\ncover here;\n",
	},
	{
		"unknown-field", "field the struct does not have",
		"The struct has no field of this name.",
		"struct s { u2 left; };\nstruct s A;\nprocess p { A.lefft = 1; }\n", "struct s { u2 left; };\nstruct s A;\nprocess p { A.left = 1; }\n",
	},
	{
		"unknown-function", "function nobody declared",
		"Only functions of this spec and its imports, and the built-in ones, can be called, by their name. Where the kernel library has one of this name, the hint is its import.",
		"u2 x;\nvoid lock(void) { x = 1; }\nprocess p { lok(); }\n", "u2 x;\nvoid lock(void) { x = 1; }\nprocess p { lock(); }\n",
	},
	{
		"unknown-name", "name nobody declared",
		"No variable, constant, enum value, config parameter or label of this name can be seen from here. Where the kernel library has one, the hint is its import. What the library leaves to the spec, such as NR_CPUS, is told once, where the spec imports the library.",
		"u2 count;\nprocess p { cuont = 1; }\n", "u2 count;\nprocess p { count = 1; }\n",
	},
	{
		"unknown-property", "property that nothing observes",
		"check, expect and --property name properties that some configuration of this spec can violate: an invariant, a liveness property, one that an assert or an attribute names, or one of no_deadlock, no_fault, assertion. To declare it with `property` is not enough: something that a process does, or an object that there is, has to observe it, and a property that is expected to be violated has to be checked.",
		"u2 x;\nprocess p { x = 1; }\ncheck no_dedlock;\n", "u2 x;\nprocess p { x = 1; }\ncheck no_deadlock;\n",
	},
	{
		"unknown-type", "type nobody declared",
		"The types are bool, int<lo..hi>, u1 to u16, struct S, enum E, and typedef names. C's char, short, long and their kin do not exist: say how many values there are.",
		"uint8_t x;\nprocess p { x = 1; }\n", "u8 x;\nprocess p { x = 1; }\n",
	},
}
