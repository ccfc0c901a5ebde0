//go:build ignore

// sbom lists the modules that are in a binary with their licences, and writes them as a CycloneDX document.
//
//	go run scripts/sbom.go [-o sbom.json] BINARY
//
// It ends with 1 if a module has a licence that is not known here to go with the one of this program.
package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// licences are told by words that only they have, the longer texts first.
var licences = []struct{ id, words string }{
	{"Apache-2.0", "Apache License"},
	{"MPL-2.0", "Mozilla Public License"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
	{"Unlicense", "This is free and unencumbered software"},
}

func main() {
	out := flag.String("o", "", "write a CycloneDX document to this file")
	flag.Parse()
	if err := run(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Purl     string    `json:"purl"`
	Licences []licence `json:"licenses,omitempty"`
	Hashes   []hash    `json:"hashes,omitempty"`
}

type licence struct {
	Licence struct {
		ID string `json:"id"`
	} `json:"license"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

func run(binary, out string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	var all []component
	unknown := 0
	for _, m := range info.Deps {
		if m.Replace != nil {
			return fmt.Errorf("%s is replaced by %s: what is in the binary is not what go.mod names", m.Path, m.Replace.Path)
		}
		id, err := licenceOf(m.Path, m.Version)
		if err != nil {
			return err
		}
		fmt.Printf("%-50s %-45s %s\n", m.Path, m.Version, cmp.Or(id, "UNKNOWN LICENCE"))
		c := component{Type: "library", Name: m.Path, Version: m.Version, Purl: "pkg:golang/" + m.Path + "@" + m.Version}
		c.Ref = c.Purl
		if id == "" {
			unknown++
		} else {
			l := licence{}
			l.Licence.ID = id
			c.Licences = []licence{l}
		}
		all = append(all, c)
	}
	std := component{Type: "library", Name: "std", Version: info.GoVersion, Purl: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}
	std.Ref = std.Purl
	l := licence{}
	l.Licence.ID = "BSD-3-Clause"
	std.Licences = []licence{l}
	all = append(all, std)
	if out != "" {
		if err := write(out, info.Main.Path, all); err != nil {
			return err
		}
	}
	if unknown > 0 {
		return fmt.Errorf("%d modules have a licence that is not known", unknown)
	}
	return nil
}

// licenceOf looks into the copy of the module that was built.
func licenceOf(module, version string) (string, error) {
	b, err := exec.Command("go", "mod", "download", "-json", module+"@"+version).Output()
	if err != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(b, &m); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(m.Dir, "*"))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		name := strings.ToUpper(filepath.Base(f))
		if !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "UNLICENSE") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		plain := strings.Join(strings.Fields(string(text)), " ")
		for _, l := range licences {
			if strings.Contains(plain, l.words) {
				return l.id, nil
			}
		}
	}
	return "", nil
}

// write writes the document. It has no date and no serial number: the same binary gives the same bytes.
func write(out, main string, all []component) error {
	doc := map[string]any{
		"bomFormat":   "CycloneDX",
		"specVersion": "1.5",
		"version":     1,
		"metadata":    map[string]any{"component": map[string]any{"type": "application", "name": main, "bom-ref": main}},
		"components":  all,
	}
	var refs []string
	for _, c := range all {
		refs = append(refs, c.Ref)
	}
	doc["dependencies"] = []any{map[string]any{"ref": main, "dependsOn": refs}}
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o644)
}
