using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// The way to a value within a call's arguments: member names joined by dots, <c>*</c> for every member or item.
/// </summary>
internal sealed class ArgumentPath(string path)
{
    private readonly string[] _segments = path.Split('.');

    /// <summary>Whether any value at the path satisfies a test. A list's items are tested one by one.</summary>
    public bool Any(JsonElement arguments, Func<JsonElement, bool> test) =>
        Any(arguments, 0, value => value is { } at && test(at));

    /// <summary>
    /// Whether all that is at the path satisfies a test, which gets <see langword="null"/> for an item without a value there.
    /// </summary>
    public bool All(JsonElement arguments, Func<JsonElement?, bool> test) => !Any(arguments, 0, value => !test(value));

    /// <summary>Whether the value is one of a tool's paths.</summary>
    public bool IsOf(IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (Leads(names[i].Split('.')))
            {
                return true;
            }
        }

        return false;
    }

    private bool Leads(string[] name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (i >= _segments.Length || (_segments[i] != "*" && _segments[i] != name[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the tool may take another value than nothing where the argument is left out.</summary>
    public bool MayHaveOtherDefault(JsonElement schema, JsonElement written)
    {
        if (!SchemaMember.Declares(schema, _segments))
        {
            return false;
        }

        // Written as null it is nothing; a default of the schema was filled in, or is nothing.
        return !(_segments.Length == 1
            && (SchemaMember.HasDefault(schema, _segments[0]) || SchemaMember.Find(written, _segments[0]) is not null));
    }

    private bool Any(JsonElement value, int depth, Func<JsonElement?, bool> test)
    {
        if (depth == _segments.Length && (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0))
        {
            return test(value);
        }

        bool leadsOn = false;
        string segment = depth < _segments.Length ? _segments[depth] : "";
        if (value.ValueKind == JsonValueKind.Array)
        {
            int next = segment == "*" ? depth + 1 : depth;
            foreach (JsonElement item in value.EnumerateArray())
            {
                leadsOn = true;
                if (Any(item, next, test))
                {
                    return true;
                }
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            // A member that stands twice is read as the first by some servers and as the last by others.
            foreach (JsonProperty member in value.EnumerateObject())
            {
                if (segment == "*" || member.NameEquals(segment))
                {
                    leadsOn = true;
                    if (Any(member.Value, depth + 1, test))
                    {
                        return true;
                    }
                }
            }
        }

        return !leadsOn && test(null);
    }
}
