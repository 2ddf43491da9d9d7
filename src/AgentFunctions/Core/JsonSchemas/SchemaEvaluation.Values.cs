using System.Globalization;
using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

internal sealed partial class SchemaEvaluation
{
    private void CheckText(JsonElement schema, string text, string path)
    {
        int length = text.EnumerateRunes().Count();
        CheckLeast(schema, "minLength", length, path, "characters");
        CheckMost(schema, "maxLength", length, path, "characters");
        if (Text(schema, "pattern") is { } pattern)
        {
            switch (SchemaPattern.Matches(pattern, text))
            {
                case null:
                    CannotMatch(path, pattern);
                    break;
                case false:
                    Add(path, $"must match the pattern {pattern}");
                    break;
            }
        }

        if (IsStrict && Text(schema, "format") is { } format && SchemaFormats.Fits(format, text) == false)
        {
            Add(path, $"must have the format {format}");
        }
    }

    private void CannotMatch(string path, string pattern)
    {
        if (IsStrict)
        {
            Add(path, $"cannot be checked: the pattern {pattern} is broken or takes too long");
        }
    }

    private void CheckNumber(JsonElement schema, JsonElement value, string path)
    {
        SchemaNumber number = SchemaNumber.Of(value);
        CheckLeast(schema, "minimum", number, path, null);
        CheckMost(schema, "maximum", number, path, null);
        if (Limit(schema, "exclusiveMinimum") is { } above && number.CompareTo(above) <= 0)
        {
            Add(path, $"must be more than {above}");
        }

        if (Limit(schema, "exclusiveMaximum") is { } below && number.CompareTo(below) >= 0)
        {
            Add(path, $"must be less than {below}");
        }

        if (Limit(schema, "multipleOf") is { } step && !number.IsMultipleOf(step))
        {
            Add(path, $"must be a multiple of {step}");
        }
    }

    private void CheckLeast(JsonElement schema, string keyword, SchemaNumber actual, string path, string? unit)
    {
        if (Limit(schema, keyword) is { } least && actual.CompareTo(least) < 0)
        {
            Add(path, unit is null ? $"must be at least {least}" : $"must have at least {least} {unit}, not {actual}");
        }
    }

    private void CheckMost(JsonElement schema, string keyword, SchemaNumber actual, string path, string? unit)
    {
        if (Limit(schema, keyword) is { } most && actual.CompareTo(most) > 0)
        {
            Add(path, unit is null ? $"must be at most {most}" : $"must have at most {most} {unit}, not {actual}");
        }
    }

    private static SchemaNumber? Limit(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement limit) && limit.ValueKind == JsonValueKind.Number
            ? SchemaNumber.Of(limit)
            : null;
}

/// <summary>A number of JSON: exact where a decimal can hold it.</summary>
/// <param name="Exact">The exact value; <see langword="null"/> if it is too large or too fine.</param>
/// <param name="Near">The nearest double.</param>
internal readonly record struct SchemaNumber(decimal? Exact, double Near) : IComparable<SchemaNumber>
{
    public static implicit operator SchemaNumber(int number) => new(number, number);

    /// <summary>Reads a number.</summary>
    public static SchemaNumber Of(JsonElement value)
    {
        double near = value.GetDouble();
        // A decimal silently loses what is finer than it can hold.
        return value.TryGetDecimal(out decimal exact) && (exact != 0 || near == 0) ? new(exact, near) : new(null, near);
    }

    /// <inheritdoc/>
    public int CompareTo(SchemaNumber other) =>
        Exact is { } mine && other.Exact is { } theirs ? mine.CompareTo(theirs) : Near.CompareTo(other.Near);

    /// <summary>Whether the number is a whole multiple of another; of nought nothing is asked.</summary>
    public bool IsMultipleOf(SchemaNumber step)
    {
        if (step.Near == 0)
        {
            return true;
        }

        if (Exact is { } mine && step.Exact is { } theirs)
        {
            return mine % theirs == 0;
        }

        double times = Near / step.Near;
        return double.IsInteger(times) || Math.IEEERemainder(Near, step.Near) == 0;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Exact?.ToString(CultureInfo.InvariantCulture) ?? Near.ToString("R", CultureInfo.InvariantCulture);
}
