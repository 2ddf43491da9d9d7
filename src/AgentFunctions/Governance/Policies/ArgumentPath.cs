using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>The way to a value within a call's arguments: member names joined by dots, <c>*</c> for every member or item.</summary>
internal sealed class ArgumentPath(string path)
{
    private readonly string[] _segments = path.Split('.');

    /// <summary>Whether any value at the path satisfies a test. A list's items are tested one by one.</summary>
    public bool Any(JsonElement arguments, Func<JsonElement, bool> test) => Any(arguments, 0, test);

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
                if (test(item))
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
                return value.TryGetProperty(segment, out JsonElement found) && Any(found, depth + 1, test);
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
