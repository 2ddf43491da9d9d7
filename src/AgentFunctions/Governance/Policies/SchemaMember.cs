using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>Reads what a schema says of the members of a call's arguments.</summary>
internal static class SchemaMember
{
    private const int MaxReferences = 16;

    /// <summary>Follows references within a schema; <see langword="null"/> if they lead nowhere.</summary>
    /// <param name="schema">The part.</param>
    /// <param name="root">The whole.</param>
    public static JsonElement? Resolve(JsonElement schema, JsonElement root)
    {
        for (int i = 0; i < MaxReferences; i++)
        {
            if (schema.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            if (Find(schema, "$ref") is not { ValueKind: JsonValueKind.String } reference)
            {
                return schema;
            }

            string pointer = reference.GetString()!;
            if (!pointer.StartsWith('#'))
            {
                return null;
            }

            schema = root;
            foreach (string part in pointer[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                if (Find(schema, name) is not { } next)
                {
                    return null;
                }

                schema = next;
            }
        }

        return null;
    }

    /// <summary>Determines whether a schema names the member at a path of names.</summary>
    /// <param name="root">The schema of the arguments.</param>
    /// <param name="path">The names from the outside in; <c>*</c> for every member or item.</param>
    public static bool Declares(JsonElement root, IReadOnlyList<string> path)
    {
        JsonElement schema = root;
        foreach (string name in path)
        {
            if (Resolve(schema, root) is not { } resolved)
            {
                return false;
            }

            resolved = Find(resolved, "items") is { } items && Find(resolved, "properties") is null
                ? Resolve(items, root) ?? resolved
                : resolved;
            if (name == "*")
            {
                schema = resolved;
                continue;
            }

            if (Find(resolved, "properties") is not { } properties || Find(properties, name) is not { } member)
            {
                return false;
            }

            schema = member;
        }

        return true;
    }

    /// <summary>Determines whether the default of a top-level member is known.</summary>
    /// <param name="root">The schema of the arguments.</param>
    /// <param name="name">The member.</param>
    public static bool HasDefault(JsonElement root, string name) =>
        Find(root, "properties") is { } properties && Find(properties, name) is { } member
            && Resolve(member, root) is { } resolved
        && Find(resolved, "default") is not null;

    /// <summary>Determines whether a schema wants a number and no text.</summary>
    /// <param name="schema">The schema.</param>
    public static bool IsNumber(JsonElement schema) => Find(schema, "type") switch
    {
        { ValueKind: JsonValueKind.String } type => type.GetString() is "integer" or "number",
        { ValueKind: JsonValueKind.Array } types =>
            types.EnumerateArray().Any(static type => type.ToString() is "integer" or "number")
            && !types.EnumerateArray().Any(static type => type.ToString() == "string"),
        _ => false,
    };

    /// <summary>Gets a member of an object; <see langword="null"/> if there is none.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The member.</param>
    public static JsonElement? Find(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member) ? member : null;
}
