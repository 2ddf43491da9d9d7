using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// The way to a value within a call's arguments: member names joined by dots, <c>*</c> for every member or item.
/// </summary>
internal sealed class ArgumentPath(string path)
{
    private readonly string[] _segments = path.Split('.');

    /// <summary>Whether any value at the path satisfies a test. A list's items are tested one by one.</summary>
    public bool Any(JsonElement arguments, Func<JsonElement, bool> test) => Any(arguments, 0, test);

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

    private bool Any(JsonElement value, int depth, Func<JsonElement, bool> test)
    {
        if (depth == _segments.Length)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                return test(value);
            }

            foreach (JsonElement item in value.EnumerateArray())
            {
                if (Any(item, depth, test))
                {
                    return true;
                }
            }

            return value.GetArrayLength() == 0 && test(value);
        }

        string segment = _segments[depth];
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when segment == "*":
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    if (Any(member.Value, depth + 1, test))
                    {
                        return true;
                    }
                }

                return false;
            case JsonValueKind.Object:
                // A member that stands twice is read as the first by some servers and as the last by others.
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    if (member.NameEquals(segment) && Any(member.Value, depth + 1, test))
                    {
                        return true;
                    }
                }

                return false;
            case JsonValueKind.Array:
                int next = segment == "*" ? depth + 1 : depth;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (Any(item, next, test))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }
}
