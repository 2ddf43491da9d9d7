using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

internal sealed partial class SchemaEvaluation
{
    private void CheckArray(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        JsonElement schema = place.Schema;
        int length = value.GetArrayLength();
        CheckLeast(schema, "minItems", length, path, "items");
        CheckMost(schema, "maxItems", length, path, "items");
        CheckItems(place, value, path, depth, covered);
        CheckContains(place, value, path, depth, covered);
        if (schema.TryGetProperty("uniqueItems", out JsonElement unique) && unique.ValueKind == JsonValueKind.True)
        {
            CheckUnique(value, path);
        }

        if (schema.TryGetProperty("unevaluatedItems", out JsonElement others))
        {
            for (int i = 0; i < length; i++)
            {
                if (!covered.Has(i))
                {
                    Check(Within(place, others), value[i], At(path, i), depth + 1);
                    covered.Item(i);
                }
            }
        }
    }

    /// <summary>
    /// The first items have schemas of their own, the rest one: <c>prefixItems</c> and <c>items</c>, in the older drafts
    /// <c>items</c> and <c>additionalItems</c>.
    /// </summary>
    private void CheckItems(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        bool hasItems = place.Schema.TryGetProperty("items", out JsonElement items);
        bool isList = hasItems && items.ValueKind == JsonValueKind.Array;
        JsonElement first = isList ? items : place.Schema.TryGetProperty("prefixItems", out JsonElement prefix)
            ? prefix
            : default;
        JsonElement rest = isList
            ? place.Schema.TryGetProperty("additionalItems", out JsonElement additional) ? additional : default
            : items;
        int index = 0;
        int count = first.ValueKind == JsonValueKind.Array ? first.GetArrayLength() : 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (index < count)
            {
                Check(Within(place, first[index]), item, At(path, index), depth + 1);
                covered.Item(index);
            }
            else if (rest.ValueKind != JsonValueKind.Undefined)
            {
                Check(Within(place, rest), item, At(path, index), depth + 1);
                covered.Item(index);
            }

            index++;
        }
    }

    private void CheckContains(SchemaLocation place, JsonElement value, string path, int depth, SchemaCoverage covered)
    {
        if (!place.Schema.TryGetProperty("contains", out JsonElement wanted))
        {
            return;
        }

        int found = 0;
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (Fits(place, wanted, item, depth, new SchemaCoverage(false)))
            {
                found++;
                covered.Item(index);
            }

            index++;
        }

        decimal least = Limit(place.Schema, "minContains")?.Exact ?? 1;
        if (found < least)
        {
            Add(path, $"must contain at least {least} items of the form that the schema asks for (contains), not {found}");
        }

        if (Limit(place.Schema, "maxContains")?.Exact is { } most && found > most)
        {
            Add(path, $"must contain at most {most} items of the form that the schema names (contains), not {found}");
        }
    }

    private void CheckUnique(JsonElement value, string path)
    {
        JsonElement[] items = [.. value.EnumerateArray()];
        for (int i = 1; i < items.Length; i++)
        {
            for (int before = 0; before < i; before++)
            {
                if (++_steps > MaxSteps)
                {
                    _isBeyond = true;
                    return;
                }

                if (JsonElement.DeepEquals(items[before], items[i]))
                {
                    Add(At(path, i), $"repeats item {before}; items must be unique");
                    return;
                }
            }
        }
    }
}
