using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.OpenAI.Wire;

namespace AgentFunctions.OpenAI;

/// <summary>The error that a provider sent: <c>{"error":{"message","type","code"}}</c>, or what stands in its place.</summary>
/// <param name="Message">The words.</param>
/// <param name="Code">The code.</param>
/// <param name="Type">The type.</param>
/// <param name="IsHtml">Whether it is a page and no JSON.</param>
internal sealed partial record ProviderError(string Message, string Code, string Type, bool IsHtml)
{
    private const int MaxDepth = 4;

    private static readonly string[] MessageNames = ["message", "msg", "error_msg", "error_message", "reason", "title"];

    /// <summary>Gets the request's field that the error is about, as far as the provider names one.</summary>
    public string Param { get; init; } = "";

    /// <summary>Gets the status that the error gives itself; <see langword="null"/> if it gives none.</summary>
    public int? Status => int.TryParse(Code, out int status) && status is >= 400 and < 600 ? status : null;

    public bool IsContentFilter => Is("content_filter") || Is("content_policy_violation");

    /// <summary>
    /// Gets whether the request was too long. Only a few give it a code; the others put it into words of their own.
    /// </summary>
    public bool IsContextExceeded =>
        Is("context_length_exceeded") || Is("exceed_context_size_error") || Is("string_above_max_length")
            || Is("request_too_large")
        || Is("model_max_prompt_tokens_exceeded")
        || (Overflow().IsMatch(Message) && !OutputOnly().IsMatch(Message) && !IsRateLimit);

    /// <summary>Gets whether the request can never pass, however long one waits.</summary>
    public bool IsTooLarge => Message.Contains("request too large", StringComparison.OrdinalIgnoreCase);

    public bool IsOutOfQuota => Is("insufficient_quota") || Is("exceeded_current_quota_error");

    public bool IsModelUnknown => Is("model_not_found") || Is("DeploymentNotFound") || Is("resource_not_found_error");

    /// <summary>
    /// Gets whether the request came too soon. Bedrock's throttle speaks of tokens, as if the request were too long.
    /// </summary>
    public bool IsRateLimit =>
        Is("rate_limit_exceeded") || Is("rate_limit_reached_error") || Is("rate_limit_error") || Is("ThrottlingException")
        || Throttle().IsMatch(Message);

    /// <summary>Gets whether the model used up the bound of its answer before it said anything.</summary>
    public bool IsAnswerCut => AnswerCut().IsMatch(Message);

    /// <summary>Reads the body of an error.</summary>
    /// <param name="body">The body.</param>
    public static ProviderError Parse(string body)
    {
        string trimmed = body.Trim().TrimStart('\uFEFF');
        if (trimmed.StartsWith('<'))
        {
            return new(trimmed, "", "", IsHtml: true);
        }

        try
        {
            using var parsed = JsonDocument.Parse(trimmed);
            return Read(parsed.RootElement, trimmed, 0);
        }
        catch (JsonException)
        {
            return new(trimmed.Length > 0 ? trimmed : "no words", "", "", false);
        }
    }

    private static ProviderError Read(JsonElement error, string body, int depth)
    {
        if (depth < MaxDepth)
        {
            if (error.ValueKind == JsonValueKind.Array && error.GetArrayLength() > 0)
            {
                // Gemini wraps its errors in an array; others list what is wrong with each field.
                return Read(error[0], body, depth + 1);
            }

            if ((error.Member("error") ?? error.Member("errors") ?? error.Member("detail")) is { } inner)
            {
                ProviderError said = Read(inner, body, depth + 1);
                return said with
                {
                    Code = said.Code.Length > 0 ? said.Code : Word(error, "code") ?? Word(error, "status") ?? "",
                    Type = said.Type.Length > 0 ? said.Type : Word(error, "type") ?? "",
                };
            }
        }

        if (error.AsText() is { } text)
        {
            // A message that is JSON itself: a gateway passes on what the provider said.
            return depth < MaxDepth && text.AsSpan().TrimStart().StartsWith("{") && TryParse(text) is { } nested
                ? Read(nested, text, depth + 1)
                : new(text, "", "", false);
        }

        string words = MessageNames.Select(name => error.Text(name)).FirstOrDefault(static said => !string.IsNullOrEmpty(said))
            ?? body;
        string? raw = error.Member("metadata")?.Text("raw");
        return new(raw is null ? words : $"{words}: {raw}", Word(error, "code") ?? "",
            Word(error, "type") ?? Word(error, "status") ?? "", false)
        {
            Param = Word(error, "param") ?? Place(error.Member("loc")),
        };
    }

    private static JsonElement? TryParse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Place(JsonElement? path) => path is { ValueKind: JsonValueKind.Array } parts
        ? parts.EnumerateArray()
            .LastOrDefault(static part => part.ValueKind == JsonValueKind.String) is { ValueKind: JsonValueKind.String } last
            ? last.AsText()!
            : ""
        : "";

    private static string? Word(JsonElement error, string name) => error.Member(name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.AsText(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    private bool Is(string code) => Code == code || Type == code;

    [GeneratedRegex(
        @"context[ _-]?(length|window|size|limit)|maximum (model|prompt|context|input|sequence) length|max[_ ](model|prompt|context|input|seq)[_ ]?len"
        + @"|(prompt|inputs?|messages?|conversation|text|request)\b[^.\n]{0,80}\b(is|are|was) too (long|large)"
        + @"|\b(prompt|input|request)\b[^.\n]{0,60}\btokens?\b[^.\n]{0,60}\b(exceed|too large|longer than|greater than|more than)"
        + @"|too many (input |prompt |total )?tokens|token limit|maximum number of (input )?tokens|total text bytes"
        + @"|`?inputs`? (tokens|must have less than)|prompt exceeds|exceeds? (the )?(max(imum)? )?(prompt|input|context)"
        + @"|(input|prompt|request) (length|size)[^.\n]{0,60}(exceed|should be|longer|greater)|range of input length"
        + @"|request too large|request entity too large|payload too large|reduce the length of (the|your) (messages|prompt|input)|tokens to keep from the initial prompt",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Overflow();

    /// <summary>A bound of the answer that was asked for, not of the request.</summary>
    [GeneratedRegex(
        @"at most \d+ (completion|output) tokens|max_(completion_)?tokens[`'""]? must be (less than|at most|<=)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OutputOnly();

    [GeneratedRegex(
        @"throttl|rate[ _-]?limit|too many requests|too many tokens, please wait"
        + @"|(tokens|requests) per (second|min(ute)?|hour|day)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Throttle();

    [GeneratedRegex(@"could not finish the message because max_|model output limit was reached",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AnswerCut();
}
