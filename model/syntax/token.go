package syntax

// Token is a lexical token. The zero Token is ILLEGAL.
type Token uint8

// The tokens.
const (
	ILLEGAL Token = iota
	EOF
	COMMENT
	IDENT
	INT
	STRING
	VERSION // v6.1, v6.1-rc6 (only where a dot and digit follow, else v6 is an identifier)

	operatorsBegin
	ASSIGN    // =
	ADDASSIGN // +=
	SUBASSIGN // -=
	MULASSIGN // *=
	DIVASSIGN // /=
	MODASSIGN // %=
	ANDASSIGN // &=
	ORASSIGN  // |=
	XORASSIGN // ^=
	SHLASSIGN // <<=
	SHRASSIGN // >>=
	INC       // ++
	DEC       // --
	ADD       // +
	SUB       // -
	MUL       // *
	DIV       // /
	MOD       // %
	AND       // &
	OR        // |
	XOR       // ^
	SHL       // <<
	SHR       // >>
	LAND      // &&
	LOR       // ||
	NOT       // !
	TILDE     // ~
	EQ        // ==
	NE        // !=
	LT        // <
	LE        // <=
	GT        // >
	GE        // >=
	QUESTION  // ?
	COLON     // :
	SEMI      // ;
	COMMA     // ,
	DOT       // .
	DOTDOT    // ..
	ARROW     // ->
	AT        // @
	LPAREN    // (
	RPAREN    // )
	LBRACK    // [
	RBRACK    // ]
	LBRACE    // {
	RBRACE    // }
	operatorsEnd

	keywordsBegin
	KwAssert       // assert
	KwAtomic       // atomic
	KwAwait        // await
	KwBreak        // break
	KwCase         // case
	KwCheck        // check
	KwChoose       // choose
	KwClaim        // claim
	KwConfig       // config
	KwConst        // const
	KwContinue     // continue
	KwCover        // cover
	KwDefault      // default
	KwDo           // do
	KwElse         // else
	KwEnum         // enum
	KwExpect       // expect
	KwFair         // fair
	KwFalse        // false
	KwFeature      // feature
	KwFor          // for
	KwGoto         // goto
	KwIf           // if
	KwImport       // import
	KwInvariant    // invariant
	KwLiveness     // liveness
	KwNull         // NULL
	KwOverride     // override
	KwPool         // pool
	KwProcess      // process
	KwProperty     // property
	KwReturn       // return
	KwSkip         // skip
	KwStaticAssert // static_assert
	KwStruct       // struct
	KwSwitch       // switch
	KwTier         // tier
	KwTrue         // true
	KwTypedef      // typedef
	KwVoid         // void
	KwWhile        // while
	keywordsEnd
)

// Contextual words, not reserved: on, cpu, in, mm, fix, design, interface, since, until, commit, requires, when, where, holds, violates, unreachable, states, transitions, always, eventually, leads_to.

var tokenText = [...]string{
	ILLEGAL: "illegal character", EOF: "end of file", COMMENT: "comment", IDENT: "identifier", INT: "number", STRING: "string", VERSION: "version",
	ASSIGN: "=", ADDASSIGN: "+=", SUBASSIGN: "-=", MULASSIGN: "*=", DIVASSIGN: "/=", MODASSIGN: "%=", ANDASSIGN: "&=", ORASSIGN: "|=",
	XORASSIGN: "^=", SHLASSIGN: "<<=", SHRASSIGN: ">>=", INC: "++", DEC: "--", ADD: "+", SUB: "-", MUL: "*", DIV: "/", MOD: "%", AND: "&",
	OR: "|", XOR: "^", SHL: "<<", SHR: ">>", LAND: "&&", LOR: "||", NOT: "!", TILDE: "~", EQ: "==", NE: "!=", LT: "<", LE: "<=", GT: ">", GE: ">=",
	QUESTION: "?", COLON: ":", SEMI: ";", COMMA: ",", DOT: ".", DOTDOT: "..", ARROW: "->", AT: "@", LPAREN: "(", RPAREN: ")", LBRACK: "[",
	RBRACK: "]", LBRACE: "{", RBRACE: "}",
	KwAssert: "assert", KwAtomic: "atomic", KwAwait: "await", KwBreak: "break", KwCase: "case", KwCheck: "check", KwChoose: "choose", KwClaim: "claim",
	KwConfig: "config", KwConst: "const", KwContinue: "continue", KwCover: "cover", KwDefault: "default", KwDo: "do", KwElse: "else",
	KwEnum: "enum", KwExpect: "expect", KwFair: "fair", KwFalse: "false", KwFeature: "feature", KwFor: "for", KwGoto: "goto", KwIf: "if", KwImport: "import",
	KwInvariant: "invariant", KwLiveness: "liveness", KwNull: "NULL", KwOverride: "override", KwPool: "pool", KwProcess: "process", KwProperty: "property",
	KwReturn: "return", KwSkip: "skip", KwStaticAssert: "static_assert", KwStruct: "struct", KwSwitch: "switch", KwTier: "tier",
	KwTrue: "true", KwTypedef: "typedef", KwVoid: "void", KwWhile: "while",
}

// String is the token as written, or its description.
func (t Token) String() string {
	if int(t) < len(tokenText) && tokenText[t] != "" {
		return tokenText[t]
	}
	return "token"
}

// IsKeyword reports whether t is a reserved word.
func (t Token) IsKeyword() bool { return keywordsBegin < t && t < keywordsEnd }

// IsAssign reports whether t is = or an operator such as +=.
func (t Token) IsAssign() bool { return ASSIGN <= t && t <= SHRASSIGN }

var keywords = func() map[string]Token {
	m := make(map[string]Token)
	for t := keywordsBegin + 1; t < keywordsEnd; t++ {
		m[tokenText[t]] = t
	}
	return m
}()

// Lookup maps a word to its keyword, or IDENT.
func Lookup(word string) Token {
	if t, ok := keywords[word]; ok {
		return t
	}
	return IDENT
}
