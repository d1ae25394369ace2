package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deepgo": main})
}

// TestScripts runs the commands as a user does. $MODELS holds testdata's models, $CAPTCHA the captcha reader, $DIMS models with open dimensions.
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("MODELS", testdata+"/models")
			e.Setenv("CAPTCHA", testdata+"/captcha")
			e.Setenv("DIMS", testdata+"/dims")
			e.Setenv("XDG_CACHE_HOME", cache)                   // where the cycle model is kept once it is built
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, "tmp")) // which every script must leave empty
			return os.Mkdir(filepath.Join(e.WorkDir, "tmp"), 0o777)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exitcode": exitCode, "jsontypes": jsonTypes, "empty": empty,
		},
	})
}

// exitCode N COMMAND... runs a command that must end with that exit code.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, expected %s", got, args[0])
	}
}

// jsonTypes FIELD=TYPE... checks the object on the last standard output.
func jsonTypes(ts *testscript.TestScript, _ bool, args []string) {
	var object map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &object); err != nil {
		ts.Fatalf("not a JSON object: %v", err)
	}
	for _, arg := range args {
		name, want, _ := strings.Cut(arg, "=")
		if got := jsonType(object[name]); got != want {
			ts.Fatalf("%s is a %s, expected a %s", name, got, want)
		}
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	}
	return "object"
}

// empty DIR checks that a folder has nothing in it, hidden files included.
func empty(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, e := range entries {
		ts.Fatalf("%s holds %s", args[0], e.Name())
	}
}
