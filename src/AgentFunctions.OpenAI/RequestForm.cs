using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentFunctions.OpenAI;

/// <summary>
/// How an endpoint wants to be asked, as far as that is known: which optional fields it takes, and what it wants back.
/// </summary>
internal sealed partial record RequestForm
{
    /// <summary>The protocol's field for the most tokens of an answer.</summary>
    public const string MaxCompletionTokens = "max_completion_tokens";

    /// <summary>The older field for the most tokens of an answer.</summary>
    public const string MaxTokens = "max_tokens";

    /// <summary>The field for the form of an answer. Where it is refused, the request says the form in words.</summary>
    public const string ResponseFormat = "response_format";

    /// <summary>The fields that a request can do without.</summary>
    private static readonly ImmutableArray<string> Optional =
    [
        MaxCompletionTokens, MaxTokens, "stream_options", "parallel_tool_calls", "temperature", "top_p", "frequency_penalty",
        "presence_penalty",
        "stop", "tool_choice", "reasoning_content", "reasoning", "extra_content", ResponseFormat,
    ];

    /// <summary>Gets the fields that the endpoint refused.</summary>
    public ImmutableHashSet<string> Refused { get; init; } = [];

    /// <summary>Gets the field for the most tokens of an answer; <see langword="null"/> if it takes none.</summary>
    public string? MaxTokensField { get; init; } = MaxCompletionTokens;

    /// <summary>Gets the most tokens of an answer that it takes; <see langword="null"/> if it named no bound.</summary>
    public int? MostTokens { get; init; }

    /// <summary>Gets whether every message that called a tool must carry reasoning.</summary>
    public bool DemandsReasoning { get; init; }

    /// <summary>Gets what changed last, in words.</summary>
    public string Learned { get; init; } = "";

    /// <summary>Gets whether a field may be sent.</summary>
    /// <param name="field">The field.</param>
    public bool Takes(string field) => !Refused.Contains(field);

    /// <summary>
    /// Gets the form that a refusal asks for; <see langword="null"/> if it asks for nothing that can be changed.
    /// </summary>
    /// <param name="refusal">What the endpoint said.</param>
    /// <param name="sent">Whether a field was sent.</param>
    /// <param name="maxTokens">The most tokens that were asked for, if any.</param>
    public RequestForm? After(ProviderError refusal, Func<string, bool> sent, int? maxTokens)
    {
        if (refusal.IsContextExceeded || refusal.IsContentFilter || refusal.IsRateLimit || refusal.IsAnswerCut)
        {
            return null;
        }

        if (!DemandsReasoning && MissingReasoning().IsMatch(refusal.Message))
        {
            return this with
            {
                DemandsReasoning = true,
                Refused = Refused.Remove("reasoning_content"),
                Learned = "reasoning_content goes back with every call"
            };
        }

        if (MaxTokensField is not null && Bound(refusal.Message) is { } most && most < maxTokens
            && (MostTokens is null || most < MostTokens))
        {
            return this with
            {
                MostTokens = most,
                Learned = string.Create(CultureInfo.InvariantCulture, $"an answer has at most {most} tokens")
            };
        }

        RequestForm form = this;
        foreach (string field in Optional.Where(field => sent(field) && Names(refusal, field)))
        {
            form = form.Without(field);
        }

        return ReferenceEquals(form, this) ? null : form with { Learned = form.Learned.TrimStart(' ', ',') };
    }

    private RequestForm Without(string field)
    {
        RequestForm form = this with { Refused = Refused.Add(field), Learned = $"{Learned}, without {field}" };
        if (field != MaxTokensField)
        {
            return form;
        }

        string other = field == MaxTokens ? MaxCompletionTokens : MaxTokens;
        return form.Takes(other)
            ? form with { MaxTokensField = other, Learned = $"{form.Learned} but with {other}" }
            : form with { MaxTokensField = null };
    }

    /// <summary>
    /// Whether a refusal is about a field. What it names in particular counts more than what its words mention.
    /// </summary>
    private static bool Names(ProviderError refusal, string field) =>
        // A schema that is wrong is one agent's, and no reason to send none of another.
        field == ResponseFormat && WrongSchema().IsMatch(refusal.Message) ? false
        : Optional.Contains(refusal.Param) ? refusal.Param == field
        : Regex.IsMatch(refusal.Message, $@"(?<![A-Za-z0-9_]){field}(?![A-Za-z0-9_])", RegexOptions.CultureInvariant)
            || (field == ResponseFormat && FormatInWords().IsMatch(refusal.Message));

    private static int? Bound(string message) =>
        message.Contains("max_", StringComparison.Ordinal) && AtMost().Match(message) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out int most) && most > 0
            ? most
            : null;

    [GeneratedRegex(@"(missing|required|must be (passed|provided|sent|included|returned))[^.]{0,80}reasoning_content|reasoning_content[`'""]?[^.]{0,60}(missing|required|must be)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex MissingReasoning();

    [GeneratedRegex("invalid[ _](json[ _])?schema|schema (must|is invalid|is not valid)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex WrongSchema();

    /// <summary>The form of an answer in the words of Gemini and Groq, which do not name the field.</summary>
    [GeneratedRegex("response mime type|json mode cannot be combined",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FormatInWords();

    [GeneratedRegex(@"(?:at most|less than or equal to|<=|\[\d+, ?)\s*`?(\d+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AtMost();
}
