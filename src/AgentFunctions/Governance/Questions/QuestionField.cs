using System.Globalization;
using System.Text.Json;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Questions;

/// <summary>Specifies what a field of a form takes.</summary>
public enum QuestionFieldKind
{
    /// <summary>Words.</summary>
    Text,

    /// <summary>A whole number.</summary>
    WholeNumber,

    /// <summary>A number.</summary>
    Number,

    /// <summary>Yes or no.</summary>
    YesNo,

    /// <summary>One of the field's choices.</summary>
    Choice,

    /// <summary>Some of the field's choices.</summary>
    Choices,
}

/// <summary>Represents one choice of a field.</summary>
/// <param name="Value">The value.</param>
/// <param name="Title">What people are shown.</param>
public sealed record QuestionChoice(string Value, string Title);

/// <summary>Represents a field of a form.</summary>
/// <param name="Name">The name of the field in the answers.</param>
/// <param name="Kind">What it takes.</param>
public sealed record QuestionField(string Name, QuestionFieldKind Kind)
{
    /// <summary>Gets what people are shown above it.</summary>
    public string Title { get; init; } = Name;

    /// <summary>Gets what people are shown beside it; <see langword="null"/> for nothing.</summary>
    public string? Description { get; init; }

    /// <summary>Gets whether an answer needs it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Gets what it holds unless somebody changes it; <see langword="null"/> for nothing.</summary>
    public JsonElement? Default { get; init; }

    /// <summary>Gets the choices; empty if the field has none.</summary>
    public IReadOnlyList<QuestionChoice> Choices { get; init; } = [];

    /// <summary>Makes a value of what a person typed. What does not fit is left to the check of the form.</summary>
    /// <param name="text">The text. Several choices are separated by commas; a choice may be named by its title.</param>
    public JsonElement Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Kind switch
        {
            QuestionFieldKind.WholeNumber or QuestionFieldKind.Number
                when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal number) =>
                JsonSerializer.SerializeToElement(number, QuestionsJsonContext.Default.Decimal),
            QuestionFieldKind.YesNo when YesOrNo(text) is { } yes =>
                JsonSerializer.SerializeToElement(yes, QuestionsJsonContext.Default.Boolean),
            QuestionFieldKind.Choice => Words(ValueOf(text)),
            QuestionFieldKind.Choices => JsonSerializer.SerializeToElement(
                [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ValueOf)],
                CoreJsonContext.Default.StringArray),
            _ => Words(text),
        };
    }

    private static JsonElement Words(string text) => JsonSerializer.SerializeToElement(text, CoreJsonContext.Default.String);

    private static bool? YesOrNo(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "Y" => true,
        "FALSE" or "NO" or "N" => false,
        _ => null,
    };

    private string ValueOf(string text) => Choices.FirstOrDefault(choice => choice.Value == text)?.Value
        ?? Choices.FirstOrDefault(choice => string.Equals(choice.Title, text, StringComparison.OrdinalIgnoreCase))?.Value ?? text;
}
