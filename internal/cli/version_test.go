package cli

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "-compiler", Value: "gc"}, {Key: "vcs.revision", Value: "d3e8e5f"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, tc := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "pmdcheck unknown, commit unknown, " + runtime.Version()},
		{&debug.BuildInfo{}, "pmdcheck unknown, commit unknown, " + runtime.Version()},
		{&debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "(devel)"}}, "pmdcheck (devel), commit unknown, go1.99"},
		{&debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("false")}, "pmdcheck v1.2.3, commit d3e8e5f, go1.99"},
		{&debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: vcs("true")}, "pmdcheck v1.2.3+dirty, commit d3e8e5f (modified), go1.99"},
	} {
		if got := version(tc.info, tc.info != nil); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
	var out, diag bytes.Buffer
	if code := Main([]string{"--version"}, nil, &out, &diag); code != exitOK || diag.Len() > 0 {
		t.Errorf("exit code %d, %s", code, diag.String())
	}
	if got, want := out.String(), version(debug.ReadBuildInfo())+"\n"; got != want {
		t.Errorf("--version prints %q, want %q", got, want)
	}
}
