using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// The questions of a server within an open call, as protocols before 2026-07-28 have them. A person who comes soon answers;
/// otherwise the question is cancelled towards the server and stays, and its answer serves the next call that asks the same, and
/// no other.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="timeout">How long a call of the server may take.</param>
/// <param name="time">The clock.</param>
internal sealed class McpQuestions(string server, TimeSpan timeout, TimeProvider time)
{
    /// <summary>How much of what a call was asked within is told to its model.</summary>
    private const int MostNotes = 8;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>How long an open call waits for a person: the rest of its time is the server's.</summary>
    private readonly TimeSpan _patience = timeout * 0.75 < LongestPatience ? timeout * 0.75 : LongestPatience;

    private readonly Lock _gate = new();
    private readonly List<OpenCall> _open = [];

    /// <summary>Notes that a call is open until the result is disposed of.</summary>
    /// <param name="context">The call.</param>
    public OpenCall Begin(ToolContext context)
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
        JsonElement asked = JsonSerializer.SerializeToElement(question,
            McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitRequestParams)));
        string message = question?.Message ?? "";
        (JsonObject? answer, InputNote? note) = OnlyCall() is { Asker: not null } call
            ? await AskAsync(call, message, asked, cancellationToken).ConfigureAwait(false)
            : (null, new InputNote(message, InputNote.NobodyHere));
        if (note is not null)
        {
            Note(note);
        }

        return answer is null
            ? new ElicitResult { Action = "cancel" }
            : (ElicitResult)answer.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitResult)))!;
    }

    /// <summary>Asks a person once for each request of a call, and waits a short while.</summary>
    private async Task<(JsonObject? Answer, InputNote? Note)> AskAsync(OpenCall call, string message, JsonElement asked,
        CancellationToken cancellationToken)
    {
        try
        {
            string key = $"{server}\n{CanonicalJson.Hash(asked)}";
            PersonQuestion question = ElicitedQuestion.OfParams(server, asked) with { Wait = false, Key = key };
            int number = call.NumberOf(key);
            long start = time.GetTimestamp();
            while (true)
            {
                PersonAnswer answer = await call.Asker!.AskAsync(number, question, cancellationToken).ConfigureAwait(false);
                if (answer.Verdict != PersonVerdict.Waits)
                {
                    return (ElicitedQuestion.AnswerOf(answer), InputNote.Of(message, answer));
                }

                if (time.GetElapsedTime(start) >= _patience)
                {
                    return (null, new InputNote(message, InputNote.NotYet));
                }

                await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e)
        {
            // It asks for what people are not asked for; the server is told that nobody answers, and the model why.
            return (null, InputNote.Refused(message, e.Message));
        }
    }

    /// <summary>
    /// Which call a question belongs to, the protocol does not say: with several open at once, nobody is asked.
    /// </summary>
    private OpenCall? OnlyCall()
    {
        lock (_gate)
        {
            return _open is [var only] ? only : null;
        }
    }

    private void Note(InputNote note)
    {
        lock (_gate)
        {
            _open.ForEach(call => call.Add(note));
        }
    }

    /// <summary>A call that is under way.</summary>
    /// <param name="questions">Where it is known.</param>
    /// <param name="asker">Asks people on its behalf; <see langword="null"/> if nobody can be asked.</param>
    internal sealed class OpenCall(McpQuestions questions, IPersonAsker? asker) : IDisposable
    {
        private readonly List<InputNote> _notes = [];
        private readonly Dictionary<string, int> _asked = new(StringComparer.Ordinal);

        /// <summary>Gets what asks people on its behalf.</summary>
        public IPersonAsker? Asker => asker;

        /// <summary>Gets what was asked for within the call and not given.</summary>
        public IReadOnlyList<InputNote> Notes
        {
            get
            {
                lock (questions._gate)
                {
                    return [.. _notes];
                }
            }
        }

        /// <summary>Counts how often the call was asked the same: each answer serves one request.</summary>
        public int NumberOf(string key)
        {
            lock (questions._gate)
            {
                return (_asked[key] = _asked.GetValueOrDefault(key) + 1) - 1;
            }
        }

        /// <summary>Adds a note; the latest are kept.</summary>
        public void Add(InputNote note)
        {
            _notes.Add(note);
            if (_notes.Count > MostNotes)
            {
                _notes.RemoveAt(0);
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (questions._gate)
            {
                questions._open.Remove(this);
            }
        }
    }
}
