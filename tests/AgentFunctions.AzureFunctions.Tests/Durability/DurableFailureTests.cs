using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using Microsoft.DurableTask;
using TaskFailedException = AgentFunctions.Durability.TaskFailedException;

namespace AgentFunctions.AzureFunctions.Tests.Durability;

/// <summary>What hosts make of a failure on its way, read again.</summary>
public sealed class DurableFailureTests
{
    private static readonly Exception s_failure = DurableFailure.Of(
        new TaskFailedException("CallTool", 9,
            new FailureDetails(nameof(ErrorCode.ToolOutcomeUnknown), "Nobody knows whether it was paid.")));

    private static readonly string s_stated = $"{typeof(DurableFailure).FullName}: {s_failure.Message}\n   at Somewhere()";

    [Test]
    public void Output_AsTextOrAsJson_TellsTheCause([Values] bool isJson)
    {
        string output = isJson ? JsonSerializer.Serialize(s_stated) : s_stated;

        FailureDetails cause = DurableFailure.Read(output, nameof(ErrorCode.EngineUnavailable)).Cause();

        Assert.That((cause.ErrorType, cause.Message),
            Is.EqualTo((nameof(ErrorCode.ToolOutcomeUnknown), "Nobody knows whether it was paid.")));
    }

    [Test]
    public void Output_CutShort_KeepsCodeAndWordsAndNoTypeName()
    {
        string cut = s_stated[..(s_stated.LastIndexOf("Nobody", StringComparison.Ordinal) + 3)];

        FailureDetails failure = DurableFailure.Read(cut, nameof(ErrorCode.EngineUnavailable));

        Assert.That(failure.ErrorType, Is.EqualTo(nameof(ErrorCode.ToolOutcomeUnknown)));
        Assert.That(failure.Message,
            Does.EndWith("Nobody knows whether it was paid.").And.Not.Contain("DurableFailure").And.Not.Contain("#failure"));
    }

    [Test]
    public void Details_CutShort_KeepCodeAndWords()
    {
        string message = s_failure.Message[..^4];

        FailureDetails failure =
            DurableFailure.Read(new TaskFailureDetails(typeof(DurableFailure).FullName!, message, null, null, null));

        Assert.That(failure.ErrorType, Is.EqualTo(nameof(ErrorCode.ToolOutcomeUnknown)));
        Assert.That(failure.Message, Does.EndWith("Nobody knows whether it was paid."));
    }

    [Test]
    public void Output_OfTheHostItself_IsTakenAsItIs() =>
        Assert.That(
            DurableFailure.Read("the worker is gone", nameof(ErrorCode.EngineUnavailable)),
            Is.EqualTo(new FailureDetails(nameof(ErrorCode.EngineUnavailable), "the worker is gone")));
}
