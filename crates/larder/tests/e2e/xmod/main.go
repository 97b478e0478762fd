// Program xmod is the public client and server of the checksum database, as golang.org/x/mod has them.
//
//	xmod serve NAME+KEY SUMS
//	xmod look VKEY URL STATE MODULE@VERSION...
//	xmod audit VKEY URL
//
// Serve answers on a free port of the loopback interface, whose URL it prints. Its records are the lines of the file SUMS, which
// may grow; modules below filler.example.com have made-up ones. /fill?n=COUNT appends that many of them.
//
// Look prints what the database behind URL, http or file, says of each module version and of its go.mod. What the client must
// remember lies in the directory STATE.
//
// Audit reads the whole log behind URL, all records and all tiles, compares each hash with what the records give, and prints the
// records.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: xmod serve|look ..."))
	}
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2], os.Args[3])
	case "look":
		err = look(os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	case "audit":
		err = audit(os.Args[2], &ops{base: os.Args[3]})
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "xmod:", err)
	os.Exit(1)
}

func serve(key, sums string) error {
	log := sumdb.NewTestServer(key, func(path, version string) ([]byte, error) {
		return lines(sums, path, version)
	})
	server := sumdb.NewServer(log)
	mux := http.NewServeMux()
	for _, path := range sumdb.ServerPaths {
		mux.Handle(path, server)
	}
	var filled int
	var mu sync.Mutex
	mux.HandleFunc("/fill", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		count, err := strconv.Atoi(r.FormValue("n"))
		for ; count > 0 && err == nil; count-- {
			filled++
			version := fmt.Sprintf("v0.0.%d", filled)
			_, err = log.Lookup(r.Context(), module.Version{Path: "filler.example.com/m", Version: version})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return http.Serve(listener, mux)
}

// lines returns the go.sum lines of a module version.
func lines(sums, path, version string) ([]byte, error) {
	if strings.HasPrefix(path, "filler.example.com/") {
		hash := sha256.Sum256([]byte(path + version))
		h1 := "h1:" + base64.StdEncoding.EncodeToString(hash[:])
		return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, h1, path, version, h1), nil
	}
	all, err := os.ReadFile(sums)
	if err != nil {
		return nil, err
	}
	var found []byte
	for line := range strings.Lines(string(all)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == path && strings.TrimSuffix(fields[1], "/go.mod") == version {
			found = append(found, line...)
		}
	}
	if found == nil {
		return nil, os.ErrNotExist
	}
	return found, nil
}

func look(vkey, base, state string, modules []string) error {
	client := sumdb.NewClient(&ops{vkey: vkey, base: base, state: state})
	for _, mod := range modules {
		path, version, _ := strings.Cut(mod, "@")
		for _, version := range []string{version, version + "/go.mod"} {
			lines, err := client.Lookup(path, version)
			if err != nil {
				return err
			}
			for _, line := range lines {
				fmt.Println(line)
			}
		}
	}
	return nil
}

// known has the hashes of a log in the order in which they became known.
type known []tlog.Hash

func (k known) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, n := range indexes {
		hashes = append(hashes, k[n])
	}
	return hashes, nil
}

func audit(vkey string, o *ops) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	latest, err := o.ReadRemote("/latest")
	if err != nil {
		return err
	}
	opened, err := note.Open(latest, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	tree, err := tlog.ParseTree([]byte(opened.Text))
	if err != nil {
		return err
	}
	var hashes known
	for id := int64(0); id < tree.N; {
		tile := tlog.Tile{H: 8, L: -1, N: id >> 8, W: int(min(tree.N-id, 256))}
		data, err := o.ReadRemote("/" + tile.Path())
		if err != nil {
			return err
		}
		records := strings.SplitAfter(string(data), "\n\n")
		if last := len(records) - 1; last != tile.W || records[last] != "" {
			return fmt.Errorf("%s has not %d records", tile.Path(), tile.W)
		}
		for _, record := range records[:tile.W] {
			record = strings.TrimSuffix(record, "\n")
			fmt.Print(record)
			more, err := tlog.StoredHashesForRecordHash(id, tlog.RecordHash([]byte(record)), hashes)
			if err != nil {
				return err
			}
			hashes = append(hashes, more...)
			id++
		}
	}
	if root, err := tlog.TreeHash(tree.N, hashes); err != nil || root != tree.Hash {
		return fmt.Errorf("the records give the root %v, %v is signed (%v)", root, tree.Hash, err)
	}
	for _, tile := range tlog.NewTiles(8, 0, tree.N) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		if data, err := o.ReadRemote("/" + tile.Path()); err != nil || !bytes.Equal(data, want) {
			return fmt.Errorf("%s does not have the hashes of its records (%v)", tile.Path(), err)
		}
	}
	return nil
}

// ops is what a client does outside: nothing is cached, so that all is asked for; what it must remember is kept.
type ops struct {
	vkey, base, state string
	mu                sync.Mutex
}

func (o *ops) ReadRemote(path string) ([]byte, error) {
	at, err := url.Parse(o.base + path)
	if err != nil {
		return nil, err
	}
	if at.Scheme == "file" {
		return os.ReadFile(at.Path)
	}
	answer, err := http.Get(at.String())
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", at, answer.Status, body)
	}
	return body, err
}

func (o *ops) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(o.vkey), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	data, err := os.ReadFile(o.kept(file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (o *ops) WriteConfig(file string, old, new []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if data, _ := os.ReadFile(o.kept(file)); string(data) != string(old) {
		return sumdb.ErrWriteConflict
	}
	if err := os.MkdirAll(filepath.Dir(o.kept(file)), 0o777); err != nil {
		return err
	}
	return os.WriteFile(o.kept(file), new, 0o666)
}

func (o *ops) kept(file string) string {
	return filepath.Join(o.state, filepath.FromSlash(file))
}

func (o *ops) ReadCache(file string) ([]byte, error) { return nil, os.ErrNotExist }

func (o *ops) WriteCache(file string, data []byte) {}

func (o *ops) Log(msg string) { fmt.Fprintln(os.Stderr, msg) }

func (o *ops) SecurityError(msg string) { fail(errors.New("SECURITY ERROR: " + msg)) }
