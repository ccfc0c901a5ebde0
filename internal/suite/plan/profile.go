package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

// profileFormat and profileVersion are how a profile begins.
const (
	profileFormat  = "pmdcheck-profile"
	profileVersion = 1
)

// Profile is what a file says of a kernel tree.
type Profile struct {
	Format   string            `json:"format"`
	Version  int               `json:"version"`
	Library  string            `json:"library"`  // digest of the library that was asked
	Kernel   string            `json:"kernel"`   // as the tree's Makefile says
	Features map[string]string `json:"features"` // values by name; those that are unknown are missing
}

// NewProfile is a profile for the library as it is.
func NewProfile(kernel string, features map[string]string) (*Profile, error) {
	d, err := LibraryDigest()
	return &Profile{Format: profileFormat, Version: profileVersion, Library: d, Kernel: kernel, Features: features}, err
}

// WriteJSON writes the profile.
func (p *Profile) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(p)
}

// maxProfile bounds what is read.
const maxProfile = 1 << 20

// ReadProfile reads a file. stale is whether it was made for another library: features that came since are unknown then.
func ReadProfile(file string) (p *elab.Profile, stale bool, err error) {
	f, err := files.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	switch {
	case err != nil:
		return nil, false, err
	case len(b) > maxProfile:
		return nil, false, fmt.Errorf("%s: too large for a profile", file)
	}
	var doc Profile
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, false, fmt.Errorf("%s: not a profile: %w", file, err)
	}
	if doc.Format != profileFormat || doc.Version != profileVersion {
		return nil, false, fmt.Errorf("%s: not a profile, or of another version of pmdcheck", file)
	}
	base := filepath.Base(file)
	p = &elab.Profile{Name: strings.TrimSuffix(base, filepath.Ext(base)), Kernel: doc.Kernel, Features: doc.Features}
	if err := CheckProfile(p); err != nil {
		return nil, false, err
	}
	digest, err := LibraryDigest()
	return p, digest != doc.Library, err
}

// CheckProfile holds a profile against the library: its release, the names and values of its features, and what they require.
func CheckProfile(p *elab.Profile) error {
	if _, _, ok := elab.ParseKernel(p.Kernel); !ok {
		return fmt.Errorf("profile %s: kernel %q is not a release", p.Name, p.Kernel)
	}
	lib, err := catalog.KernelLibrary()
	if err != nil {
		return err
	}
	if err := lib.CheckProfile(p); err != nil {
		return err
	}
	why, err := lib.Unmet(p)
	if err != nil {
		return err
	}
	if why != "" {
		return fmt.Errorf("profile %s: %s, which it has not", p.Name, why)
	}
	return nil
}

// LibraryDigest is a digest of the kernel library and of how its features are found.
var LibraryDigest = sync.OnceValues(func() (string, error) {
	texts, err := catalog.Texts()
	if err != nil {
		return "", err
	}
	var names []string
	for n := range texts {
		if strings.HasPrefix(n, "linux/") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	h := sha256.New()
	for _, n := range names {
		fmt.Fprintf(h, "%s %d\n%s", n, len(texts[n]), texts[n])
	}
	fmt.Fprint(h, linux.Detect)
	return hex.EncodeToString(h.Sum(nil))[:16], nil
})

// passedOver reports whether a spec has nothing to say of a tree: it depends on no release, or has no configuration of this one.
func passedOver(err error) bool {
	var lacks *elab.NoParameter
	return errors.As(err, &lacks) || errors.Is(err, elab.ErrNoConfiguration)
}
