package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/properties"
)

// Shell completion: `pmdcheck completion bash` writes the script, which asks for names with these.

// completeSpecs offers embedded specs, their folders and .pmd files. most is how many a command takes, 0 for any number.
func completeSpecs(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, n := range catalog.Names() {
			folder, _, ok := strings.Cut(n, "/")
			if most != 1 && ok && !slices.Contains(out, folder) {
				out = append(out, folder)
			}
			out = append(out, n)
		}
		return out, cobra.ShellCompDirectiveDefault
	}
}

// completeFile offers files with one ending.
func completeFile(ext string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return []string{ext}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// completeExplain offers what can be explained.
func completeExplain(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, e := range properties.Catalog() {
		out = append(out, e.Name)
	}
	for _, c := range source.Codes() {
		out = append(out, c.Code)
	}
	if lib, err := catalog.KernelLibrary(); err == nil {
		for _, f := range lib.Features() {
			out = append(out, f.Name)
		}
		for _, g := range lib.Groups() {
			out = append(out, g.Values...)
		}
	}
	out = append(out, "era")
	return append(out, catalog.Names()...), cobra.ShellCompDirectiveNoFileComp
}

// completeSet offers the parameters of the specs on the command line, and behind the equals sign their values.
func completeSet(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	name, _, valued := strings.Cut(typed, "=")
	names, err := catalog.Resolve(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, n := range names {
		spec, err := catalog.Load(n)
		if err != nil {
			continue
		}
		for _, c := range spec.Configs() {
			switch {
			case !valued:
				out = append(out, c.Name+"=")
			case c.Name == name:
				for _, v := range c.Values {
					out = append(out, name+"="+v)
				}
			}
		}
		out = append(out, completeKernel(spec, name, valued)...)
	}
	slices.Sort(out)
	return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeKernel offers features, groups of values and releases.
func completeKernel(spec *elab.Spec, name string, valued bool) (out []string) {
	offer := func(n string, values []string) {
		if !valued {
			out = append(out, n+"=")
		} else if n == name {
			for _, v := range values {
				out = append(out, n+"="+v)
			}
		}
	}
	for _, f := range spec.Features() {
		offer(f.Name, f.Values)
	}
	for _, g := range spec.Groups() {
		offer(g.Name, g.Values)
	}
	if named := spec.Releases(); len(named) > 0 {
		var texts []string
		for _, n := range named {
			texts = append(texts, releaseText(n))
		}
		offer("kernel", texts)
	}
	return out
}

// completions gives every command its names.
func completions(root *cobra.Command) {
	words := func(cmd *cobra.Command, flag string, values ...string) {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "check", "list", "report", "matrix":
			cmd.ValidArgsFunction = completeSpecs(0)
		case "show", "simulate", "export":
			cmd.ValidArgsFunction = completeSpecs(1)
		case "replay", "render", "merge":
			cmd.ValidArgsFunction = completeFile("json")
		case "fmt":
			cmd.ValidArgsFunction = completeFile("pmd")
		case "explain":
			cmd.ValidArgsFunction = completeExplain
		}
		if cmd.Flags().Lookup("set") != nil {
			_ = cmd.RegisterFlagCompletionFunc("set", completeSet)
		}
		if cmd.Flags().Lookup("only") != nil {
			_ = cmd.RegisterFlagCompletionFunc("only", completeSet)
		}
		words(cmd, "search", "dfs", "bfs")
		if cmd.Name() == "ask" {
			completeAsk(cmd, words)
		}
	}
}

// completeAsk offers what can be asked about.
func completeAsk(cmd *cobra.Command, words func(*cobra.Command, string, ...string)) {
	words(cmd, "policy", slices.Sorted(maps.Keys(policies))...)
	_ = cmd.RegisterFlagCompletionFunc("walker", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if list, err := walkers(); err == nil {
			for _, w := range list {
				out = append(out, w.name)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("arch", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if lib, err := catalog.KernelLibrary(); err == nil {
			for _, g := range lib.Groups() {
				out = append(out, g.Values...)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	})
}
