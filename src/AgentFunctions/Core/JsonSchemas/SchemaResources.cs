using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>The places of a schema that references can name: by pointer, by anchor, by an <c>$id</c> of its own.</summary>
internal sealed class SchemaResources
{
    /// <summary>The address of a schema that has none.</summary>
    private static readonly Uri Nameless = new("schema:/root");

    private const int MaxDepth = 200;

    private readonly Dictionary<string, SchemaLocation> _named = new(StringComparer.Ordinal);
    private readonly HashSet<string> _dynamic = new(StringComparer.Ordinal);
    private readonly SchemaLocation _root;

    /// <summary>Reads the names of a schema.</summary>
    /// <param name="root">The schema.</param>
    public SchemaResources(JsonElement root)
    {
        string text = root.GetRawText();
        // Nearly all schemas have no names; they are not walked through.
        bool hasNames = text.Contains("$id", StringComparison.Ordinal) || text.Contains("nchor\"", StringComparison.Ordinal)
            || text.Contains("\\u", StringComparison.Ordinal);
        IsTracking = text.Contains("unevaluated", StringComparison.Ordinal) || text.Contains("\\u", StringComparison.Ordinal);
        _root = new SchemaLocation(root, Nameless, IsOld(root, false));
        if (hasNames)
        {
            _root = Enter(_root);
            Walk(_root, 0);
        }
    }

    /// <summary>Gets the schema itself.</summary>
    public SchemaLocation Root => _root;

    /// <summary>Gets whether the schema asks what other parts of it have looked at.</summary>
    public bool IsTracking { get; }

    /// <summary>The place that a schema within another has: its own address if it has an <c>$id</c>.</summary>
    /// <param name="place">The place.</param>
    public static SchemaLocation Enter(SchemaLocation place)
    {
        bool isOld = IsOld(place.Schema, place.IsOld);
        // In the older drafts a reference hides whatever stands beside it.
        return Text(place.Schema, "$id") is { } id && !(isOld && Text(place.Schema, "$ref") is not null)
            && !(isOld && id.StartsWith('#')) && Uri.TryCreate(place.Base, id, out Uri? address)
            ? place with { Base = WithoutFragment(address), IsOld = isOld }
            : place with { IsOld = isOld };
    }

    /// <summary>Finds what a reference names.</summary>
    /// <param name="from">Where the reference stands.</param>
    /// <param name="reference">The reference.</param>
    /// <returns>The place; <see langword="null"/> if the schema has none of that name.</returns>
    public SchemaLocation? Find(SchemaLocation from, string reference)
    {
        if (!Uri.TryCreate(from.Base, reference, out Uri? address))
        {
            return null;
        }

        string fragment = Uri.UnescapeDataString(address.Fragment.TrimStart('#'));
        SchemaLocation? resource = WithoutFragment(address) == _root.Base ? _root
            : _named.TryGetValue(WithoutFragment(address).ToString(), out SchemaLocation known) ? known : null;
        return resource is null || fragment.Length == 0 ? resource
            : fragment.StartsWith('/') ? Follow(resource.Value, fragment)
            : _named.TryGetValue(NameOf(resource.Value.Base, fragment), out SchemaLocation anchored) ? anchored : null;
    }

    /// <summary>Finds a dynamic anchor of one resource.</summary>
    public SchemaLocation? FindDynamic(Uri resource, string anchor) =>
        _dynamic.Contains(NameOf(resource, anchor)) ? _named[NameOf(resource, anchor)] : null;

    private static SchemaLocation? Follow(SchemaLocation resource, string pointer)
    {
        SchemaLocation place = resource;
        foreach (string part in pointer[1..].Split('/'))
        {
            string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            JsonElement next;
            if (place.Schema.ValueKind == JsonValueKind.Array && int.TryParse(name, out int index) && index >= 0
                && index < place.Schema.GetArrayLength())
            {
                next = place.Schema[index];
            }
            else if (place.Schema.ValueKind != JsonValueKind.Object || !place.Schema.TryGetProperty(name, out next))
            {
                return null;
            }

            place = Enter(place with { Schema = next });
        }

        return place.Schema.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False ? place : null;
    }

    private void Walk(SchemaLocation place, int depth)
    {
        if (depth > MaxDepth || place.Schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        _named.TryAdd(place.Base.ToString(), place);
        foreach (string keyword in (ReadOnlySpan<string>)["$anchor", "$dynamicAnchor"])
        {
            if (Text(place.Schema, keyword) is { } anchor)
            {
                _named.TryAdd(NameOf(place.Base, anchor), place);
                if (keyword == "$dynamicAnchor")
                {
                    _dynamic.Add(NameOf(place.Base, anchor));
                }
            }
        }

        if (place.IsOld && Text(place.Schema, "$id") is ['#', .. { Length: > 0 } old])
        {
            _named.TryAdd(NameOf(place.Base, old), place);
        }

        foreach ((_, JsonElement child) in SchemaKeywords.Children(place.Schema))
        {
            Walk(Enter(place with { Schema = child }), depth + 1);
        }
    }

    private static string NameOf(Uri resource, string anchor) => $"{resource}#{anchor}";

    private static Uri WithoutFragment(Uri address) =>
        address.Fragment.Length == 0 ? address : new Uri(address.AbsoluteUri[..^address.Fragment.Length]);

    private static string? Text(JsonElement schema, string keyword) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(keyword, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    /// <summary>Whether a schema says that it is of draft 7 or older.</summary>
    private static bool IsOld(JsonElement schema, bool inherited) => Text(schema, "$schema") is { } draft
        ? draft.Contains("json-schema.org/draft-0", StringComparison.Ordinal)
        : inherited;
}

/// <summary>A part of a schema.</summary>
/// <param name="Schema">The part.</param>
/// <param name="Base">The address against which its references are resolved.</param>
/// <param name="IsOld">Whether it is of draft 7 or older.</param>
internal readonly record struct SchemaLocation(JsonElement Schema, Uri Base, bool IsOld);
