using AgentFunctions.Core.Text;
using AgentFunctions.Diagnostics;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Steps;

/// <summary>Has the model sum up the older part of what it is shown; the newest turns stay.</summary>
internal sealed class Summaries(ModelCaller caller, IModelCatalog models, PinnedText pinned, TimeProvider time)
{
    /// <summary>How often the text to sum up is halved when the provider refuses it for its size.</summary>
    private const int MaxHalvings = 4;

    /// <summary>Has the summary made; <see langword="null"/> if the call was begun before and cut off.</summary>
    public async Task<TranscriptEntry?> MakeAsync(
        RunRecord run, CompactInput input, TranscriptWindow window, CancellationToken cancellationToken)
    {
        int head = window.Context.Summary is null ? 1 : 2;
        int kept = FirstKept(window.Entries, head, input.KeepBytes);
        if (kept <= head)
        {
            throw new AgentException(
                ErrorCode.ModelContextExceeded,
                "The goal and the messages of a single turn fill the model's context window; use a model with a larger one, or set ContextWindow to what it really is.");
        }

        ModelBinding model = models.Resolve(run.Model);
        IReadOnlyList<TranscriptEntry> older = [.. window.Entries.Skip(1).Take(kept - 1)];
        if (await AskAsync(run, model, input, older, cancellationToken).ConfigureAwait(false) is not var (request, answer))
        {
            return null;
        }

        (ChatResponse response, ModelBinding speaker) = answer;
        // A model that gives no summary must not end the run: what was said last stands in.
        string text = string.IsNullOrWhiteSpace(response.Text)
            ? "(The model gave no summary. The end of the older part:)\n" + Conversation.Render(older, input.MaxSummaryBytes / 2)
            : response.Text;
        var summary = new TranscriptEntry(
            input.Turn,
            new ChatMessage(ChatRole.User,
            [
                new TextContent(CompactionText.Summary(input.Turn, Preview.OfBytes(text, input.MaxSummaryBytes))),
                new TextContent(await pinned.RenderAsync(run.Id, input.Inbox, input.Turn, CancellationToken.None)
                    .ConfigureAwait(false)),
            ]),
            time.GetUtcNow())
        {
            Origin = TranscriptOrigin.Host,
            SummaryKeepsFrom = window.Entries[kept].Position,
            Model = speaker.Name,
            InPlaceOf = ReferenceEquals(speaker, model) ? null : model.Name,
            Usage = ModelCaller.UsageOf(response, request, null, speaker.Profile),
            Position = window.End,
        };
        AgentTelemetry.Spent(run, speaker, summary.Usage);
        return summary;
    }

    /// <summary>Asks for the summary; with half of the text where the provider finds the whole too long.</summary>
    private async Task<(IReadOnlyList<ChatMessage> Request, ModelAnswer Answer)?> AskAsync(
        RunRecord run, ModelBinding model, CompactInput input, IReadOnlyList<TranscriptEntry> older,
        CancellationToken cancellationToken)
    {
        string goal = Prompt.Goal(run).Text;
        long room = input.MaxInputBytes - CompactionText.Bytes(goal);
        var options = new ChatOptions
        {
            ModelId = model.ModelId,
            MaxOutputTokens = input.MaxOutputTokens,
            Temperature = model.Profile.Temperature
        };
        for (int halving = 0; ; halving++)
        {
            string conversation = Conversation.Render(older, (int)Math.Clamp(room, 256, int.MaxValue));
            IReadOnlyList<ChatMessage> request =
                [new(ChatRole.System, CompactionText.Instructions),
                    new(ChatRole.User, CompactionText.Request(goal, conversation, input.MaxSummaryBytes))];
            try
            {
                ModelAnswer? answer = await caller
                    .CallAsync(new ModelCall(run.Id, input.Call, input.Reserve is not null, run.Priority), model, request,
                        options, cancellationToken)
                    .ConfigureAwait(false);
                return answer is null ? null : (request, answer);
            }
            catch (AgentException e) when (e.Code == ErrorCode.ModelContextExceeded && halving < MaxHalvings)
            {
                room = System.Text.Encoding.UTF8.GetByteCount(conversation) / 2;
            }
        }
    }

    /// <summary>
    /// The first message that stays: as many of the newest as fit, but never a tool's result without the call that asked
    /// for it, and always the last message of the model.
    /// </summary>
    private static int FirstKept(IReadOnlyList<TranscriptEntry> entries, int head, long keepBytes)
    {
        int lastReply = entries.Count - 1;
        while (lastReply > head && entries[lastReply].Message.Role != ChatRole.Assistant)
        {
            lastReply--;
        }

        int kept = lastReply;
        long bytes = 0;
        for (int i = lastReply; i > head; i--)
        {
            bytes += Prompt.BytesOf(entries[i].Message);
            if (bytes > keepBytes)
            {
                break;
            }

            kept = entries[i].Message.Role == ChatRole.Assistant ? i : kept;
        }

        return kept;
    }
}
