// Package syntax reads and writes .pmd texts: C as far as page-table code needs it, with processes, waiting, choice and properties added.
// The grammar is in grammar.txt.
//
// [Parse] makes a tree of a text and reports everything that is wrong with it. [Walk] visits a tree. [Print] writes it in canonical form, and
// [Format] does both. The tree is that of the text: it keeps parentheses, spellings of numbers and comments, knows the extent of each node, and
// says nothing about names and types, which package model resolves.
//
//	Node             every part of a tree
//	  File           the whole text, with its comments
//	  Decl           what stands at top level
//	  Stmt           what stands in a block
//	  Expr           what has a value; also Ident, InitList and TypeArg
//	  TypeExpr, Declarator, Param, FieldDecl, Attr, AttrArg, SweepItem, SwitchCase, ChooseCase, InitItem, Comment
//
// A text is read in one pass with a few tokens of lookahead. Names have no meaning here, so the only doubtful place of C, "a * b;", is settled by
// what follows: it declares b. The words on, cpu, in, mm, when, where, holds, violates, unreachable, states and transitions mean something only in their places
// and are names elsewhere; so are the types bool, int and u1 to u16, which only the formatter and some messages know.
//
// Any bytes can be parsed. Texts that are none, are larger than 4 MiB, nest deeper than 256 or have more than 100 errors are given up with a
// diagnostic of its own; whoever walks a tree can rely on its height and be recursive. Nothing here keeps state between calls: all functions may be
// called from several goroutines, on different trees.
//
// The codes of the diagnostics are syntax, bad-number, bad-string, bad-character, binary-file, file-too-large, too-deep and too-many-errors.
package syntax
