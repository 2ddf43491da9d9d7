using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// The questions of a server within an open call, as protocols before 2026-07-28 have them. A person who comes soon answers; otherwise the
/// question is cancelled towards the server and stays, and its answer serves the next call that asks the same.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="timeout">How long a call of the server may take.</param>
/// <param name="time">The clock.</param>
internal sealed class McpQuestions(string server, TimeSpan timeout, TimeProvider time)
{
    private const int MostKept = 8;
    private const int MostCharacters = 500;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>How long an open call waits for a person: the rest of its time is the server's.</summary>
    private readonly TimeSpan _patience = timeout * 0.75 < LongestPatience ? timeout * 0.75 : LongestPatience;

    private readonly Lock _gate = new();
    private readonly Queue<(long Number, string Text, bool WasAsked)> _last = new();
    private readonly List<OpenCall> _open = [];
    private long _count;

    /// <summary>Gets how many were not answered: a mark for <see cref="Since"/>.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Notes that a call is open until the result is disposed of.</summary>
    /// <param name="context">The call.</param>
    public IDisposable Begin(ToolContext context)
    {
        var call = new OpenCall(this, context.Features.Get<IPersonAsker>());
        lock (_gate)
        {
            _open.Add(call);
        }

        return call;
    }

    /// <summary>Answers a question.</summary>
    public async ValueTask<ElicitResult> AnswerAsync(ElicitRequestParams? question, CancellationToken cancellationToken)
    {
        JsonElement asked = JsonSerializer.SerializeToElement(question, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitRequestParams)));
        IPersonAsker? asker = AskerOfTheOnlyCall();
        JsonObject? answer = asker is null ? null : await AskAsync(asker, asked, cancellationToken).ConfigureAwait(false);
        if (answer is null)
        {
            Note(question?.Message ?? "", asker is not null);
            return new ElicitResult { Action = "cancel" };
        }

        return (ElicitResult)answer.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitResult)))!;
    }

    /// <summary>Says what was asked since a mark and not answered; <see langword="null"/> if nothing was.</summary>
    /// <param name="mark">The mark.</param>
    public string? Since(long mark)
    {
        lock (_gate)
        {
            return Words([.. _last.Where(one => one.Number > mark).Select(static one => one.Text)], _last.Any(one => one.Number > mark && one.WasAsked));
        }
    }

    /// <summary>Says that nobody answered what a server asked; <see langword="null"/> if it asked nothing.</summary>
    /// <param name="asked">What it asked.</param>
    /// <param name="wasAsked">Whether a person was asked, and may still answer.</param>
    public static string? Words(IReadOnlyList<string> asked, bool wasAsked) => asked.Count == 0 ? null
        : $"[Meanwhile the server asked for input ({string.Join(", ", asked.Distinct().Select(static text => $"'{Short(text)}'"))}). "
            + (wasAsked
                ? "As nobody answered in time, this was cancelled. Call it again when a person has answered, or do without this call.]"
                : "As nobody here can be asked, this was cancelled. Give what it needs with the arguments, or do without this call.]");

    private static string Short(string text) => TextCut.Shorten(text.ReplaceLineEndings(" "), MostCharacters);

    /// <summary>Asks a person once for each question of a run, and waits a short while.</summary>
    private async Task<JsonObject?> AskAsync(IPersonAsker asker, JsonElement asked, CancellationToken cancellationToken)
    {
        try
        {
            PersonQuestion question = ElicitedQuestion.OfParams(server, asked) with { Wait = false, Key = $"{server}\n{CanonicalJson.Hash(asked)}" };
            long start = time.GetTimestamp();
            while (true)
            {
                PersonAnswer answer = await asker.AskAsync(0, question, cancellationToken).ConfigureAwait(false);
                if (answer.Verdict != PersonVerdict.Waits)
                {
                    return ElicitedQuestion.AnswerOf(answer);
                }

                if (time.GetElapsedTime(start) >= _patience)
                {
                    return null;
                }

                await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException)
        {
            // It asks for what people are not asked for; the server is told that nobody answers, and the model what it was.
            return null;
        }
    }

    /// <summary>Which call a question belongs to, the protocol does not say: with several open at once, nobody is asked.</summary>
    private IPersonAsker? AskerOfTheOnlyCall()
    {
        lock (_gate)
        {
            return _open is [{ Asker: var asker }] ? asker : null;
        }
    }

    private void Note(string message, bool wasAsked)
    {
        lock (_gate)
        {
            _last.Enqueue((++_count, Short(message), wasAsked));
            if (_last.Count > MostKept)
            {
                _last.Dequeue();
            }
        }
    }

    private sealed class OpenCall(McpQuestions questions, IPersonAsker? asker) : IDisposable
    {
        public IPersonAsker? Asker => asker;

        public void Dispose()
        {
            lock (questions._gate)
            {
                questions._open.Remove(this);
            }
        }
    }
}
