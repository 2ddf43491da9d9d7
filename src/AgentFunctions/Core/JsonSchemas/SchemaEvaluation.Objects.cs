using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

internal sealed partial class SchemaEvaluation
{
    private void CheckObject(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        JsonElement schema = place.Schema;
        foreach (JsonElement required in Each(schema, "required"))
        {
            Require(required, value, path);
        }

        int count = value.GetPropertyCount();
        CheckLeast(schema, "minProperties", count, path, "members");
        CheckMost(schema, "maxProperties", count, path, "members");
        CheckDependencies(place, value, path, depth, covered);
        CheckMembers(place, value, path, depth, covered);
        if (schema.TryGetProperty("propertyNames", out JsonElement names))
        {
            foreach (JsonProperty member in value.EnumerateObject())
            {
                if (!Fits(place, names, JsonSerializer.SerializeToElement(member.Name, CoreJsonContext.Default.String), depth,
                    new SchemaCoverage(false)))
                {
                    Add(Join(path, member.Name), "has a name that the schema does not allow (propertyNames)");
                }
            }
        }

        if (schema.TryGetProperty("unevaluatedProperties", out JsonElement others))
        {
            foreach (JsonProperty member in value.EnumerateObject().Where(member => !covered.Has(member.Name)))
            {
                CheckOther(place, others, member, "", path, depth);
                covered.Member(member.Name);
            }
        }
    }

    private void CheckMembers(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        bool hasProperties = place.Schema.TryGetProperty("properties", out JsonElement properties)
            && properties.ValueKind == JsonValueKind.Object;
        bool hasPatterns = place.Schema.TryGetProperty("patternProperties", out JsonElement patterns)
            && patterns.ValueKind == JsonValueKind.Object;
        bool hasOthers = place.Schema.TryGetProperty("additionalProperties", out JsonElement others);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            bool isKnown = false;
            if (hasProperties && properties.TryGetProperty(member.Name, out JsonElement property))
            {
                isKnown = true;
                Check(Within(place, property), member.Value, Join(path, member.Name), depth + 1);
            }

            foreach (JsonProperty pattern in hasPatterns ? patterns.EnumerateObject() : default)
            {
                if (SchemaPattern.Matches(pattern.Name, member.Name) is not { } matches)
                {
                    CannotMatch(Join(path, member.Name), pattern.Name);
                    isKnown |= !IsStrict;
                }
                else if (matches)
                {
                    isKnown = true;
                    Check(Within(place, pattern.Value), member.Value, Join(path, member.Name), depth + 1);
                }
            }

            if (!isKnown && leniency == SchemaLeniency.Arguments && hasProperties
                && NameOf(properties, member.Name) is { } name)
            {
                // Serializers that ignore case would take it for the one that is meant, and no rule would see it.
                isKnown = true;
                Add(Join(path, member.Name), $"is not known; use {name}");
            }

            if (!isKnown && hasOthers)
            {
                isKnown = true;
                CheckOther(
                    place, others, member, hasProperties
                        ? string.Join(", ", properties.EnumerateObject().Select(static p => p.Name))
                        : "", path, depth);
            }

            if (isKnown)
            {
                covered.Member(member.Name);
            }
        }
    }

    /// <summary>A member as the schema spells it; <see langword="null"/> if it has none of these letters.</summary>
    private static string? NameOf(JsonElement properties, string written)
    {
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (string.Equals(property.Name, written, StringComparison.OrdinalIgnoreCase))
            {
                return property.Name;
            }
        }

        return null;
    }

    private void CheckOther(SchemaLocation place, JsonElement others, JsonProperty member, string known, string path, int depth)
    {
        if (others.ValueKind == JsonValueKind.False)
        {
            Add(Join(path, member.Name), known.Length == 0 ? "is not known; leave it out" : $"is not known; use {known}");
        }
        else
        {
            Check(Within(place, others), member.Value, Join(path, member.Name), depth + 1);
        }
    }

    /// <summary>
    /// What one member asks of the others: <c>dependencies</c> of the older drafts is both of the newer keywords in one.
    /// </summary>
    private void CheckDependencies(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        foreach (string keyword in (ReadOnlySpan<string>)["dependentRequired", "dependentSchemas", "dependencies"])
        {
            if (!place.Schema.TryGetProperty(keyword, out JsonElement dependencies)
                || dependencies.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (JsonProperty dependency in dependencies.EnumerateObject()
                .Where(dependency => value.TryGetProperty(dependency.Name, out _)))
            {
                if (dependency.Value.ValueKind == JsonValueKind.Array)
                {
                    foreach (JsonElement required in dependency.Value.EnumerateArray())
                    {
                        Require(required, value, path);
                    }
                }
                else
                {
                    covered.Add(Check(Within(place, dependency.Value), value, path, depth + 1));
                }
            }
        }
    }

    private void Require(JsonElement required, JsonElement value, string path)
    {
        if (required.ValueKind == JsonValueKind.String && !value.TryGetProperty(required.GetString()!, out _))
        {
            Add(Join(path, required.GetString()!), "is required");
        }
    }
}
