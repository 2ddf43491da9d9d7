using System.Globalization;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>Reads the arguments of a call as models write them. What cannot be read is kept, and never guessed at.</summary>
internal static class CallArguments
{
    /// <summary>Deeper arguments could not be stored within a message.</summary>
    private const int MaxDepth = 32;

    /// <summary>A whole number that a double holds exactly.</summary>
    private const double MaxExact = 9_007_199_254_740_992;

    /// <summary>Makes a call whose arguments may be anything that the model wrote.</summary>
    /// <param name="id">The id as it came.</param>
    /// <param name="name">The name as it came.</param>
    /// <param name="arguments">The arguments as they came.</param>
    /// <param name="isCut">Whether the answer ended at its limit of output, so that the arguments may be cut.</param>
    public static FunctionCallContent Read(string id, string name, string arguments, bool isCut)
    {
        string mended = Surrogates.MendJson(arguments);
        if (string.IsNullOrWhiteSpace(mended) || mended.AsSpan().Trim() is "null")
        {
            return new(id, name, new Dictionary<string, object?>());
        }

        if (Parse(mended) is not { } values)
        {
            var broken = new FunctionCallContent(id, name)
            {
                AdditionalProperties = new() { [ModelConventions.InvalidArguments] = mended },
            };
            if (isCut)
            {
                broken.AdditionalProperties[ModelConventions.CutArguments] = true;
            }

            return broken;
        }

        var call = new FunctionCallContent(id, name, values);
        if (!ReferenceEquals(mended, arguments) && mended != arguments)
        {
            call.AdditionalProperties = new() { [ModelConventions.OriginalArguments] = Surrogates.Mend(arguments) };
        }

        return call;
    }

    private static Dictionary<string, object?>? Parse(string text)
    {
        try
        {
            using var parsed = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            JsonElement root = parsed.RootElement;
            if (root.ValueKind == JsonValueKind.String && root.GetString() is { } inner
                && inner.AsSpan().TrimStart().StartsWith("{"))
            {
                // Some endpoints serialise the arguments twice.
                return Parse(inner);
            }

            return root.ValueKind != JsonValueKind.Object ? null : Values(root);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Dictionary<string, object?> Values(JsonElement root)
    {
        Dictionary<string, object?> values = [];
        foreach (JsonProperty property in root.EnumerateObject())
        {
            values[property.Name] = HasDecimalWhole(property.Value) ? Whole(property.Value) : property.Value.Clone();
        }

        return values;
    }

    /// <summary>Whether a value holds a whole number that is written as a decimal one, such as 5.0.</summary>
    private static bool HasDecimalWhole(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => IsDecimalWhole(value),
        JsonValueKind.Array => value.EnumerateArray().Any(HasDecimalWhole),
        JsonValueKind.Object => value.EnumerateObject().Any(static member => HasDecimalWhole(member.Value)),
        _ => false,
    };

    private static bool IsDecimalWhole(JsonElement value) =>
        !value.TryGetInt64(out _) && value.TryGetDouble(out double number) && Math.Abs(number) <= MaxExact
            && Math.Floor(number) == number;

    /// <summary>
    /// The value with such numbers written as whole ones: JSON does not tell them apart, readers of integers do.
    /// </summary>
    private static JsonElement Whole(JsonElement value)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            JsonCopy.Write(writer, value, static members => members, WriteWhole);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static bool WriteWhole(Utf8JsonWriter writer, JsonElement value)
    {
        bool isWhole = value.ValueKind == JsonValueKind.Number && IsDecimalWhole(value);
        if (isWhole)
        {
            writer.WriteRawValue(((long)value.GetDouble()).ToString(CultureInfo.InvariantCulture));
        }

        return isWhole;
    }
}
