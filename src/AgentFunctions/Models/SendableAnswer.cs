using System.Text;
using System.Text.Json;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>
/// Makes of an answer the one message that is recorded, such that every store keeps it and every endpoint takes it back. It is
/// done once, for any client; what the model said is kept beside what was mended.
/// </summary>
internal static class SendableAnswer
{
    /// <summary>The most bytes (UTF-8) of one content that is kept; no model means more.</summary>
    public const int MaxContentBytes = 8 * 1024 * 1024;

    /// <summary>Gets the answer as one message; providers send one, but the port allows several.</summary>
    /// <param name="response">The answer.</param>
    public static ChatResponse Of(ChatResponse response)
    {
        List<AIContent> contents = [];
        bool isCut = false;
        foreach (AIContent content in response.Messages.SelectMany(static message => message.Contents))
        {
            switch (content)
            {
                case UsageContent or FunctionCallContent:
                    break;
                case TextReasoningContent thought:
                    contents.Add(Text(thought,
                        new TextReasoningContent(Fit(thought.Text, ref isCut)) { ProtectedData = thought.ProtectedData }));
                    break;
                case TextContent said:
                    (string thoughts, string words) = Thoughts.Split(Fit(said.Text, ref isCut));
                    if (thoughts.Length > 0)
                    {
                        contents.Add(new TextReasoningContent(thoughts));
                    }

                    if (words.Length > 0 || said.Text.Length == 0)
                    {
                        contents.Add(words == said.Text ? said : Text(said, new TextContent(words)));
                    }

                    break;
                default:
                    contents.Add(content);
                    break;
            }
        }

        FunctionCallContent[] calls =
            [.. response.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().Select(Readable)];
        contents.AddRange(SendableCalls.Mend(calls, SendableCalls.RandomId));
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents))
        {
            ResponseId = response.ResponseId,
            ModelId = response.ModelId,
            CreatedAt = response.CreatedAt,
            Usage = response.Usage,
            FinishReason = isCut ? ChatFinishReason.Length : response.FinishReason,
        };
    }

    private static string Fit(string text, ref bool isCut)
    {
        string mended = Surrogates.Mend(text);
        // A character of UTF-16 has at most three bytes.
        if (mended.Length <= MaxContentBytes / 3 || Encoding.UTF8.GetByteCount(mended) <= MaxContentBytes)
        {
            return mended;
        }

        isCut = true;
        return TextCut.Head(mended, MaxContentBytes / 3);
    }

    private static AIContent Text(AIContent original, AIContent mended)
    {
        mended.AdditionalProperties = original.AdditionalProperties;
        return mended;
    }

    /// <summary>
    /// A call whose arguments can be stored; one that another client could not read keeps that, and is not made without them.
    /// </summary>
    private static FunctionCallContent Readable(FunctionCallContent call)
    {
        if (ModelConventions.InvalidArgumentsOf(call) is { } broken)
        {
            return broken.Length <= MaxContentBytes / 3 ? call : Broken(call, TextCut.Head(broken, MaxContentBytes / 3));
        }

        if (call.Exception is not null)
        {
            return Broken(call, "");
        }

        if (call.Arguments is null)
        {
            return call;
        }

        try
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(call.Arguments,
                ModelConventions.Json.GetTypeInfo(typeof(IDictionary<string, object?>)));
            return json.Length <= MaxContentBytes
                ? call
                : Broken(call, TextCut.Head(Encoding.UTF8.GetString(json), MaxContentBytes / 3));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return Broken(call, "");
        }
    }

    private static FunctionCallContent Broken(FunctionCallContent call, string text)
    {
        AdditionalPropertiesDictionary properties = call.AdditionalProperties?.Clone() ?? [];
        properties[ModelConventions.InvalidArguments] = text;
        return new(call.CallId, call.Name) { AdditionalProperties = properties };
    }
}
