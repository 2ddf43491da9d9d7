using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using OpenAIFormat = OpenAI.Chat.ChatResponseFormat;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>The options of a request as OpenAI's.</summary>
internal static class OptionsMapping
{
    private static readonly BinaryData AnyObject = BinaryData.FromString("""{"type":"object","properties":{}}""");

    /// <summary>The same few tools go with every request of a run.</summary>
    private static readonly ConditionalWeakTable<AIFunctionDeclaration, ChatTool> Tools = [];

    public static ChatCompletionOptions ToOpenAI(ChatOptions? options, ModelProfile profile)
    {
        var mapped = new ChatCompletionOptions
        {
            // What the model insists on wins over what the caller prefers.
            Temperature = profile.Temperature ?? options?.Temperature,
            MaxOutputTokenCount = options?.MaxOutputTokens,
            TopP = options?.TopP,
            FrequencyPenalty = options?.FrequencyPenalty,
            PresencePenalty = options?.PresencePenalty,
            ResponseFormat = Format(options?.ResponseFormat),
        };
        foreach (string stop in options?.StopSequences ?? [])
        {
            mapped.StopSequences.Add(stop);
        }

        foreach (AIFunctionDeclaration function in options?.Tools?.OfType<AIFunctionDeclaration>() ?? [])
        {
            mapped.Tools.Add(Tools.GetValue(function, static one => ChatTool.CreateFunctionTool(one.Name, one.Description, Schema(one.JsonSchema))));
        }

        if (mapped.Tools.Count > 0)
        {
            mapped.ToolChoice = options!.ToolMode switch
            {
                NoneChatToolMode => ChatToolChoice.CreateNoneChoice(),
                RequiredChatToolMode { RequiredFunctionName: { } name } => ChatToolChoice.CreateFunctionChoice(name),
                RequiredChatToolMode => ChatToolChoice.CreateRequiredChoice(),
                _ => null,
            };
            mapped.AllowParallelToolCalls = options.AllowMultipleToolCalls;
        }

        return mapped;
    }

    private static BinaryData Schema(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object ? BinaryData.FromString(schema.GetRawText()) : AnyObject;

    private static OpenAIFormat? Format(Microsoft.Extensions.AI.ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } json => OpenAIFormat.CreateJsonSchemaFormat(
            json.SchemaName ?? "answer", BinaryData.FromString(schema.GetRawText()), json.SchemaDescription),
        ChatResponseFormatJson => OpenAIFormat.CreateJsonObjectFormat(),
        _ => null,
    };
}
