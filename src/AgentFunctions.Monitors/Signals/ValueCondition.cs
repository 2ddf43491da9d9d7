using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents a condition on a text or a part of a JSON document. Everything that is set must hold.</summary>
public sealed record ValueCondition
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets the part of a JSON document, such as <c>$.checks[0].state</c>; <see langword="null"/>, the default, for the whole
    /// text.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Gets the text that it must be.</summary>
    [JsonPropertyName("equals")]
    public string? EqualTo { get; init; }

    /// <summary>Gets a text that must be in it.</summary>
    public string? Contains { get; init; }

    /// <summary>Gets a regular expression that it must match.</summary>
    public string? Matches { get; init; }

    /// <summary>Gets the number that it must be above.</summary>
    public double? Above { get; init; }

    /// <summary>Gets the number that it must be below.</summary>
    public double? Below { get; init; }

    /// <summary>What does not hold, in words; <see langword="null"/> when all does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The number that was compared, if one was.</param>
    internal string? Error(string text, out double? value)
    {
        value = null;
        string subject = Path ?? "the text";
        if (Path is not null)
        {
            if (Select(text) is not { } selected)
            {
                return $"there is no {Path}";
            }

            text = selected;
        }

        if (EqualTo is not null && text != EqualTo)
        {
            return $"{subject} is '{Shorten(text)}', not '{EqualTo}'";
        }

        if (Contains is not null && !text.Contains(Contains, StringComparison.Ordinal))
        {
            return $"{subject} does not contain '{Contains}'";
        }

        if (Matches is not null && !Regex.IsMatch(text, Matches, RegexOptions.CultureInvariant, MatchTimeout))
        {
            return $"{subject} does not match '{Matches}'";
        }

        if (Above is null && Below is null)
        {
            return null;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return $"{subject} is '{Shorten(text)}', no number";
        }

        value = number;
        return Bounds(subject, number, Above, Below);
    }

    internal static string? Bounds(string subject, double number, double? above, double? below) => number switch
    {
        _ when number <= above => string.Create(CultureInfo.InvariantCulture, $"{subject} is {number:G6}, not above {above:G6}"),
        _ when number >= below => string.Create(CultureInfo.InvariantCulture, $"{subject} is {number:G6}, not below {below:G6}"),
        _ => null,
    };

    private string? Select(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return JsonPath.Select(document.RootElement, Path!) is not { } element ? null
                : element.ValueKind == JsonValueKind.String ? element.GetString()
                : element.GetRawText();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shorten(string text) => TextCut.Shorten(text, 80);
}
