using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Something that happened in an exchange, as every door tells it in its own words.</summary>
/// <param name="Number">The first number that the door may give its events of it.</param>
internal abstract record RunFrame(long Number);

/// <summary>A model begins to speak.</summary>
/// <param name="Number">The first of four numbers.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">How often its answer was begun, from 1.</param>
internal sealed record TextStarted(long Number, int Turn, int Attempt) : RunFrame(Number);

/// <summary>A model speaks.</summary>
/// <param name="Number">The number.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Text">The next piece of its text.</param>
internal sealed record TextPiece(long Number, int Turn, int Attempt, string Text) : RunFrame(Number);

/// <summary>What a model began to say came to nothing; it says it anew, or the run ends.</summary>
/// <param name="Number">The first of eight numbers.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt.</param>
internal sealed record TextLost(long Number, int Turn, int Attempt) : RunFrame(Number);

/// <summary>An answer of a model is recorded.</summary>
/// <param name="Number">The first of sixteen numbers.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt; <see langword="null"/> if it has no text.</param>
/// <param name="Text">The whole text.</param>
/// <param name="Calls">The calls that it asks for.</param>
/// <param name="Usage">What it consumed.</param>
/// <param name="IsCut">Whether the text was cut at a limit of output tokens.</param>
internal sealed record TurnRecorded(
    long Number, int Turn, int? Attempt, string Text, IReadOnlyList<AskedCall> Calls, TokenUsage Usage, bool IsCut)
    : RunFrame(Number);

/// <summary>A call that a model asked for.</summary>
/// <param name="Call">Its number within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments, with secrets masked.</param>
internal sealed record AskedCall(int Call, string Tool, JsonElement Arguments);

/// <summary>A tool is called; once for each call, also if a crash repeats it.</summary>
/// <param name="Number">The first of eight numbers.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The call.</param>
/// <param name="IsClient">Whether the caller of the run executes it.</param>
internal sealed record CallStarted(long Number, int Turn, AskedCall Call, bool IsClient) : RunFrame(Number);

/// <summary>A call has an outcome.</summary>
/// <param name="Number">The first of eight numbers.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The call.</param>
/// <param name="Event">The event that tells of it.</param>
/// <param name="HasStarted">Whether it was told before that the tool is called.</param>
/// <param name="IsClient">Whether the caller of the run was asked to execute it.</param>
/// <param name="Text">The result, as long as the model is shown it.</param>
internal sealed record CallEnded(
    long Number, int Turn, AskedCall Call, JournalEvent Event, bool HasStarted, bool IsClient, string Text) : RunFrame(Number);

/// <summary>Something else happened.</summary>
/// <param name="Number">The first of eight numbers.</param>
/// <param name="Event">The event.</param>
internal sealed record RunNoted(long Number, JournalEvent Event) : RunFrame(Number);

/// <summary>
/// What the run waits for has changed. No event tells of it, so it has no number, and who comes later is told anew.
/// </summary>
/// <param name="Wait">What it waits for; <see langword="null"/> for nothing.</param>
internal sealed record WaitChanged(RunWaiting? Wait) : RunFrame(-1);

/// <summary>Runs below the run are new, or stand otherwise than before. It has no number either.</summary>
/// <param name="Nodes">These runs.</param>
internal sealed record TreeChanged(IReadOnlyList<RunTree> Nodes) : RunFrame(-1);

/// <summary>The exchange ends because the run waits for its caller.</summary>
/// <param name="Number">The last number.</param>
/// <param name="End">The position after the last event.</param>
/// <param name="Open">What is asked.</param>
/// <param name="Calls">What the caller is to execute.</param>
internal sealed record ExchangeInterrupted(
    long Number, long End, IReadOnlyList<OpenQuestion> Open, IReadOnlyList<ClientCall> Calls) : RunFrame(Number);

/// <summary>The exchange ends with the run.</summary>
/// <param name="Number">The last number.</param>
/// <param name="Event">The event that tells of the end; <see langword="null"/> if there is none.</param>
internal sealed record ExchangeEnded(long Number, JournalEvent? Event) : RunFrame(Number);
