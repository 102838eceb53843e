package registry_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestDataEveryFieldReachesEveryReplica(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		var want registry.ModelInfo
		fill(reflect.ValueOf(&want).Elem(), 1)
		want.ID = "m"
		want.Description += " <&> \u2028 \U0001F511 \"quoted\" \\ "
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{&want}))
		f.info("m", &want)
		f.expect("GetModelsForClient(c)", []*registry.ModelInfo{&want},
			func(r reader) any { return r.GetModelsForClient("c") })
		f.expect("GetAvailableModelInfos()", []*registry.ModelInfo{&want},
			func(r reader) any { return r.GetAvailableModelInfos() })
		f.expect("GetAvailableModelsByProvider(p)", []*registry.ModelInfo{&want},
			func(r reader) any { return r.GetAvailableModelsByProvider("P") })

		// A replica that comes later reads it from the snapshot instead of the feed.
		late := f.open("late", registry.Options{})
		if got := late.GetModelInfo("m"); !reflect.DeepEqual(got, &want) {
			f.t.Errorf("replica late: got %s\n\twant %s", show(got), show(&want))
		}
	})
}

func TestDataDynamicThinking(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for _, thinking := range []*registry.ThinkingSupport{
			nil, {}, {Min: -1, Max: -1}, {DynamicAllowed: true}, {ZeroAllowed: true}, {Levels: []string{"low", "high"}},
		} {
			want := &registry.ModelInfo{ID: "m", Thinking: thinking}
			f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{want}))
			f.info("m", want)
		}
	})
}

// fill sets every field below v, those of later versions too, to something that is not its zero value.
func fill(v reflect.Value, seed int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), seed+i)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), seed)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), seed)
		fill(v.Index(1), seed+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, seed)
		fill(value, seed+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", seed))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(seed)<<33 + 1)
	default:
		panic("a field of a kind that the test does not know: " + v.Type().String())
	}
}
