using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>No answer is read without end, in bytes or in time.</summary>
[CancelAfter(300_000)]
public sealed class AnswerBoundsTests
{
    private const string Comment = ": processing\n\n";

    [TestCase(true)]
    [TestCase(false)]
    public async Task Ask_AnswerOverItsBound_IsNotReadToItsEnd(bool streaming)
    {
        string body = streaming
            ? string.Concat(Enumerable.Repeat($"data: {WireHost.Delta($$"""{"content":"{{new string('x', 900)}}"}""")}\n\n", 200))
            : WireHost.Message($$"""{"content":"{{new string('x', 200_000)}}"}""");
        await using WireHost host = await WireHost.StartAsync([WireHost.Raw(body)], ("MaxAnswerBytes", "65536"));

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelProtocolError));
        Assert.That(error.Message, Does.Contain("MaxAnswerBytes"));
    }

    [Test]
    public async Task Ask_OnlyComments_TimesOutAndLeavesItsPlace()
    {
        await using var server = new TricklingServer(Comment);
        await using ModelHost host = ModelHost.Of(server.Url, ("MaxRetries", "0"), ("StreamIdleTimeout", "00:00:00.3"));

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(true))!;

        Assert.That(error.IsTransient);
        Assert.That(error.Message, Does.Contain("StreamIdleTimeout"));
        Assert.That(await server.LeftAsync(), "the connection is given up, not kept");
    }

    [Test]
    public async Task Ask_StreamThatTrickles_EndsAtTheTotal()
    {
        await using var server = new TricklingServer($"data: {WireHost.Delta("""{"content":"x"}""")}\n\n");
        await using ModelHost host = ModelHost.Of(server.Url, ("MaxRetries", "0"), ("AnswerTimeout", "00:00:00.5"));

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(true))!;

        Assert.That(error.IsTransient);
        Assert.That(error.Message, Does.Contain("AnswerTimeout"));
        Assert.That(await server.LeftAsync());
    }
}
