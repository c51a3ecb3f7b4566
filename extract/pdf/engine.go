package pdf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// This file is the only one that knows PDFium. It runs as WebAssembly, so that a document which breaks it breaks a
// sandbox: no files, no network, bounded memory, and a clock that can stop it anywhere.

const (
	memoryPages  = MaxMemory >> 16 // of 64 KiB
	maxInstances = 2

	// muchMemory is the size of a document that is given all memory at once: a report is done in what PDFium begins
	// with.
	muchMemory = 4 << 20
)

// MaxMemory is how many bytes one document with all that PDFium makes of it may take. A report takes 20 MiB beyond its
// own size.
const MaxMemory = 128 << 20

// An engine is PDFium, compiled. Documents each get an instance of their own: nothing of one document can reach
// another, and what a document leaves broken is thrown away with it.
type engine struct {
	pool pdfium.Pool
}

// startEngine compiles PDFium: seconds of work, or a tenth of one where cacheDir holds what an earlier process
// compiled. Without a cacheDir, or when it is not to be used, nothing is kept.
func startEngine(cacheDir string) (*engine, error) {
	if cacheDir != "" {
		if cache, err := openCache(cacheDir); err == nil {
			if e, err := compile(cache); err == nil { // where there is no room to keep it, there may be memory to have it
				_ = sealCache(cacheDir) // what has no digest is compiled again
				return e, nil
			}
		}
	}
	return compile(nil)
}

func compile(cache wazero.CompilationCache) (*engine, error) {
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPages).WithCloseOnContextDone(true)
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		MaxTotal:      maxInstances,
		RuntimeConfig: config,
		FSConfig:      wazero.NewFSConfig(), // by default the library shows PDFium the whole disk
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	return &engine{pool: pool}, nil
}

func (e *engine) close() error { return e.pool.Close() }

// instance waits for a free place and makes an instance. Whoever gets it calls its close.
func (e *engine) instance(ctx context.Context) (*instance, error) {
	handle, err := e.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("instance of PDFium: %w", err)
	}
	module, err := moduleOf(handle)
	if err != nil {
		_ = handle.Close()
		return nil, err
	}
	in := &instance{ctx: ctx, handle: handle, module: module, memory: module.Memory(), functions: map[string]api.Function{}}
	in.scratch = uint32(in.call("malloc", scratchSize))
	if in.err != nil {
		in.close()
		return nil, in.err
	}
	return in, nil
}

// moduleOf takes the WebAssembly module out of the library's handle. The library's own methods make and free up to ten
// bits of memory for every character, name every object by a UUID, and cannot be given a context; its Kill, which can
// stop them, races with them. The module is an exported field of what GetImplementation returns, but of a type
// that cannot be named from here; the version is pinned and a test would notice.
func moduleOf(handle pdfium.Pdfium) (api.Module, error) {
	owner, ok := handle.(interface{ GetImplementation() any })
	if !ok {
		return nil, errors.New("this go-pdfium does not show its implementation")
	}
	v := reflect.ValueOf(owner.GetImplementation())
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if field := v.Elem().FieldByName("Module"); field.IsValid() && field.CanInterface() {
			if module, ok := field.Interface().(api.Module); ok && module != nil {
				return module, nil
			}
		}
	}
	return nil, errors.New("this go-pdfium does not show its module")
}

// An instance is one PDFium with at most one document in it. It is not safe for concurrent use. The first thing that
// goes wrong is kept in err, and every call after it does nothing and returns 0: callers look at err between steps.
type instance struct {
	ctx       context.Context
	handle    pdfium.Pdfium
	module    api.Module
	memory    api.Memory
	functions map[string]api.Function
	scratch   uint32 // memory for what functions return through pointers
	err       error
	stack     [8]uint64
}

const scratchSize = 64

func (in *instance) close() {
	// The module may be closed already, by the clock. Nothing is left to be done about an error here.
	_ = in.handle.Close()
}

// call calls a function of PDFium's C interface. Results narrower than 64 bits are for the caller to cut.
func (in *instance) call(name string, args ...uint64) uint64 {
	if in.err != nil {
		return 0
	}
	f := in.functions[name]
	if f == nil {
		if f = in.module.ExportedFunction(name); f == nil {
			in.err = fmt.Errorf("PDFium has no function %s", name)
			return 0
		}
		in.functions[name] = f
	}
	stack := in.stack[:max(len(args), 1)]
	stack[0] = 0
	copy(stack, args)
	if err := f.CallWithStack(in.ctx, stack); err != nil {
		in.err = fmt.Errorf("PDFium %s: %w", name, in.cause(err))
		return 0
	}
	return stack[0]
}

// cause says why a call has failed: the time is over, the memory is used up, or the document broke PDFium, of which
// only the first line is of interest and not the stack.
func (in *instance) cause(err error) error {
	if in.ctx.Err() != nil {
		return context.Cause(in.ctx)
	}
	// PDFium gives up where it cannot have all that it asks for, so there may be room for less. Half of all is there
	// unless the document takes that much.
	if at, failed := in.module.ExportedFunction("malloc").Call(in.ctx, MaxMemory/2); failed != nil || at[0] == 0 {
		return fmt.Errorf("%w: more than %d MiB of memory", ErrTooLarge, MaxMemory>>20)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%w: %s", ErrBroken, first)
}

// count calls a function that returns a number of things; never negative.
func (in *instance) count(name string, args ...uint64) int {
	return max(int(int32(uint32(in.call(name, args...)))), 0)
}

// floats reads n of the 32-bit numbers that a function left in the scratch memory.
func (in *instance) floats(into []float64) {
	data, ok := in.memory.Read(in.scratch, uint32(4*len(into)))
	if !ok {
		return
	}
	for i := range into {
		into[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
}

// open loads a document from memory and returns its handle.
func (in *instance) open(body []byte) (uint64, error) {
	if len(body) > muchMemory { // memory that grows by steps is copied at each
		in.memory.Grow(memoryPages - in.memory.Size()>>16)
	}
	at := in.call("malloc", uint64(len(body)))
	if in.err != nil {
		return 0, in.err
	}
	if at == 0 || !in.memory.Write(uint32(at), body) {
		return 0, fmt.Errorf("%w: %d bytes do not fit into memory", ErrTooLarge, len(body))
	}
	doc := in.call("FPDF_LoadMemDocument", at, uint64(len(body)), 0)
	if in.err != nil {
		return 0, in.err
	}
	if doc != 0 {
		return doc, nil
	}
	switch code := in.call("FPDF_GetLastError"); code {
	case 4: // FPDF_ERR_PASSWORD
		return 0, ErrEncrypted
	case 5: // FPDF_ERR_SECURITY
		return 0, fmt.Errorf("%w: by a handler that PDFium does not know", ErrEncrypted)
	default:
		return 0, fmt.Errorf("%w: PDFium error %d", ErrBroken, code)
	}
}

// A lazyEngine starts on first use.
type lazyEngine struct {
	mu     sync.Mutex
	engine *engine
	err    error
}

func (l *lazyEngine) get(cacheDir string) (*engine, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil && l.err == nil {
		l.engine, l.err = startEngine(cacheDir)
	}
	return l.engine, l.err
}

func (l *lazyEngine) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return nil
	}
	err := l.engine.close()
	l.engine = nil
	return err
}
