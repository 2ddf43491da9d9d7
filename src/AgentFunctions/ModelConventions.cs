using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions;

/// <summary>Names what chat clients of this library add to the common types, for chat clients of a host's own.</summary>
public static class ModelConventions
{
    /// <summary>
    /// Names the key in <see cref="AIContent.AdditionalProperties"/> of a <see cref="FunctionCallContent"/> whose arguments are
    /// not a JSON object. The value is the text as the model sent it. <see cref="FunctionCallContent.Arguments"/> is then
    /// <see langword="null"/>; the provider is sent an empty object, since several parse the arguments of earlier calls.
    /// </summary>
    public const string InvalidArguments = "invalidArguments";

    /// <summary>
    /// Names the key, with the value <see langword="true"/>, of a call whose arguments are cut because the answer reached its
    /// limit of output tokens.
    /// </summary>
    public const string CutArguments = "cutArguments";

    /// <summary>Names the key of the arguments as the model sent them, if an unpaired surrogate was replaced in them.</summary>
    public const string OriginalArguments = "originalArguments";

    /// <summary>Names the key of the tool name as the model sent it, if no endpoint would accept that name.</summary>
    public const string OriginalName = "originalName";

    /// <summary>Names the key of the call id as the model sent it, if another call of the message has the same id.</summary>
    public const string OriginalId = "originalId";

    /// <summary>Names the <see cref="ErrorContent.ErrorCode"/> of a refusal in the model's own words.</summary>
    public const string Refusal = "refusal";

    /// <summary>Marks an error whose words say nothing that is known: the request may have been too long.</summary>
    internal const string UnknownRefusal = "AgentFunctions.UnknownRefusal";

    /// <summary>
    /// How messages and their contents are written: the ecosystem's own options, without the indentation that these have and that
    /// a provider would charge for.
    /// </summary>
    internal static JsonSerializerOptions Json { get; } = Compact();

    /// <summary>The text of arguments that are no JSON object, or <see langword="null"/>.</summary>
    /// <param name="call">The call, fresh or from a transcript.</param>
    internal static string? InvalidArgumentsOf(FunctionCallContent call) => TextOf(call, InvalidArguments);

    /// <summary>The arguments of a call as the model sent them, for people to read.</summary>
    /// <param name="call">The call.</param>
    internal static string ArgumentsText(FunctionCallContent call) =>
        InvalidArgumentsOf(call)
        ?? JsonSerializer.Serialize(call.Arguments, Json.GetTypeInfo(typeof(IDictionary<string, object?>)));

    /// <summary>The name that the model called, which is no tool's where it had to be mended.</summary>
    /// <param name="call">The call, fresh or from a transcript.</param>
    internal static string NameOf(FunctionCallContent call) => TextOf(call, OriginalName) ?? call.Name;

    /// <summary>Whether the call was cut because the answer reached its limit.</summary>
    /// <param name="call">The call, fresh or from a transcript.</param>
    internal static bool IsCut(FunctionCallContent call) =>
        call.AdditionalProperties?.GetValueOrDefault(CutArguments) is true or JsonElement { ValueKind: JsonValueKind.True };

    private static string? TextOf(AIContent content, string key) =>
        content.AdditionalProperties?.GetValueOrDefault(key) switch
        {
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
            _ => null,
        };

    /// <summary>Passes on an answer that can be used.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="model">The model's name, for the message.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ModelContentFiltered"/>: the provider withheld the answer.
    /// <see cref="ErrorCode.ModelProtocolError"/>: the answer is empty.
    /// </exception>
    internal static ChatResponse EnsureUsable(this ChatResponse response, string model)
    {
        if (response.FinishReason == ChatFinishReason.ContentFilter)
        {
            throw new AgentException(
                ErrorCode.ModelContentFiltered,
                $"model '{model}': the provider's content filter withheld the answer; rephrase the goal or change the filter.");
        }

        bool usable = response.Messages.Any(static message => message.Contents.Any(static content => content switch
        {
            TextReasoningContent => false,
            TextContent text => !string.IsNullOrWhiteSpace(text.Text),
            FunctionCallContent or ErrorContent or DataContent or UriContent => true,
            _ => false,
        }));
        if (!usable)
        {
            string remedy = response.FinishReason == ChatFinishReason.Length
                ? "it spent all its output tokens before answering; raise MaxOutputTokens"
                : "it neither answered nor called a tool; ask again or use another model";
            throw new AgentException(ErrorCode.ModelProtocolError, $"model '{model}': the answer is empty: {remedy}.");
        }

        return response;
    }

    private static JsonSerializerOptions Compact()
    {
        var options = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
        {
            WriteIndented = false,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.MakeReadOnly();
        return options;
    }
}
