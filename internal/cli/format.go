package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/syntax"
)

func (a *app) fmtCmd() *cobra.Command {
	var write, list bool
	cmd := &cobra.Command{
		Use:     "fmt [file or folder...]",
		Short:   "format specs canonically",
		Long:    "fmt prints files in canonical form; a folder stands for every .pmd file below it, no argument for standard input. A file with syntax errors is left alone.",
		Example: "  pmdcheck fmt -w mine.pmd\n  pmdcheck fmt -l specs",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				if write {
					return errors.New("-w needs files")
				}
				src, err := catalog.ReadAll(a.in)
				if err != nil {
					return err
				}
				return a.format("standard input", src, false, list)
			}
			var errs []error
			for _, arg := range args {
				errs = append(errs, filepath.WalkDir(arg, func(p string, d os.DirEntry, err error) error {
					if err != nil || d.IsDir() || (p != arg && !strings.HasSuffix(p, ".pmd")) {
						return err
					}
					src, err := catalog.Read(p)
					if err != nil {
						return err
					}
					return a.format(p, src, write, list)
				}))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the result back to the file")
	cmd.Flags().BoolVarP(&list, "list", "l", false, "list the files whose form would change, instead of printing")
	return cmd
}

// format formats one text. With neither write nor list it goes to stdout.
func (a *app) format(name string, src []byte, write, list bool) error {
	out, err := syntax.Format(src, name)
	if err != nil {
		return err
	}
	same := bytes.Equal(src, out)
	if list && !same {
		if _, err := fmt.Fprintln(a.out, name); err != nil {
			return err
		}
	}
	if write && !same {
		return files.Write(name, func(w io.Writer) error {
			_, err := w.Write(out)
			return err
		})
	}
	if !write && !list {
		_, err = a.out.Write(out)
	}
	return err
}
