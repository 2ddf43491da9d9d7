using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Runs;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Tests.AspNetCore.Doors;

internal sealed class McpResultsTests
{
    [TestCase("InvalidOperationException")]
    [TestCase(nameof(ErrorCode.NonDeterminism))]
    [TestCase(nameof(ErrorCode.EngineUnavailable))]
    public void Of_RunThatFailedByAFaultOfTheHost_IsAnErrorOfTheProtocol(string code)
    {
        Run run = Failed(code);

        Assert.That(
            () => McpResults.Of(run, null),
            Throws.TypeOf<McpProtocolException>().With.Property("ErrorCode").EqualTo(McpErrorCode.InternalError));
    }

    [TestCase(nameof(ErrorCode.ModelUnavailable))]
    [TestCase(nameof(ErrorCode.AnswerNotAccepted))]
    public void Of_RunThatFailedByItsAgentOrModel_IsAResultThatIsAnError(string code)
    {
        CallToolResult result = McpResults.Of(Failed(code), null);

        Assert.That(result.IsError, Is.True);
    }

    [Test]
    public void Unfinished_RunWithNothingToSay_HasNoGap()
    {
        Run run = Failed("x") with { Status = RunStatus.Running, Error = null };

        CallToolResult result = McpResults.Unfinished(new RunStand(run, []));

        Assert.That(
            ((TextContentBlock)result.Content[0]).Text,
            Is.EqualTo("Run r1 goes on. Call run_status with this id to hear how it stands."));
    }

    private static Run Failed(string code) => new()
    {
        Id = "r1",
        Agent = "worker",
        Model = "test",
        Goal = "x",
        Status = RunStatus.Failed,
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Error = new RunError(code, "It failed."),
    };
}
