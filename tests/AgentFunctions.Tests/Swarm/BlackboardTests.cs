using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
internal sealed class BlackboardTests
{
    private static readonly string[] BoardTools = ["post_to_board", "read_board"];

    [Test]
    public async Task Post_BoardIsFullOrNoteIsTooLong_IsRefusedWithAReasonAndTheBoardStaysReadable()
    {
        // The run must not post before the board is filled.
        var isFilled = new TaskCompletionSource();
        await using RunHost host = await StartAsync(
            BoardTools,
            request => request.Turn switch
            {
                0 => ChatReply.Call("post_to_board",
                    new { text = new string('x', 4_001) }) with
                { Before = token => isFilled.Task.WaitAsync(token) },
                1 => ChatReply.Call("post_to_board", new { text = "the last one" }),
                2 => ChatReply.Call("post_to_board", new { text = "one too many" }),
                3 => ChatReply.Call("read_board", new { from = Blackboard.MaxNotes - 2 }),
                _ => ChatReply.Say("done"),
            });
        Run run = await host.SubmitAsync();
        byte[] note = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
            new BoardNote("", run.Id, "filler", DateTimeOffset.UnixEpoch), SwarmJsonContext.Default.BoardNote);
        await host.Get<ILogStore>().AppendAsync(
            $"boards/{run.Id}", [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(note, Blackboard.MaxNotes - 1)], 0);
        isFilled.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(1)[0], Does.Contain("text: use 1 to 4000 characters"));
        Assert.That(host.LeadResults(2)[0], Is.EqualTo($"This is note {Blackboard.MaxNotes - 1}."));
        Assert.That(host.LeadResults(3)[0], Does.Contain($"The blackboard is full: it has {Blackboard.MaxNotes} notes."));
        Assert.That(host.LeadResults(4)[0], Does.Contain("the last one").And.Not.Contain("one too many"));
    }

    [Test]
    public async Task Add_ManyAtOnceAndAgain_LosesDoublesAndChangesNothing()
    {
        const int Notes = 50;
        await using RunHost host = await StartAsync(BoardTools, static _ => ChatReply.Say("done"));
        Run run = await host.RunAsync();
        Blackboard board = host.Get<Blackboard>();

        long[] numbers = await Task.WhenAll(Enumerable.Range(0, Notes)
            .Select(note => board.AddAsync(run.Id, $"call {note}", $"note {note}", default)));
        long[] again = await Task.WhenAll(Enumerable.Range(0, Notes)
            .Select(note => board.AddAsync(run.Id, $"call {note}", "something else", default)));

        Assert.That(numbers, Is.EquivalentTo(Enumerable.Range(0, Notes)));
        Assert.That(again, Is.EqualTo(numbers), "a call that is made again after a crash");
        IReadOnlyList<(long Number, BoardNote Note)> written = await board.ReadAsync(run.Id, 0, 2 * Notes, default);
        Assert.That(
            written.Select(static entry => (entry.Number, entry.Note.Text)),
            Is.EqualTo(numbers.Select(static (number, note) => (number, $"note {note}")).OrderBy(static entry => entry.number)));
    }

    [Test]
    public async Task Read_LongBoard_GoesOnPageByPage()
    {
        await using RunHost host = await StartAsync(
            BoardTools,
            static request => request.Turn switch
            {
                0 => new ChatReply
                {
                    Calls = [.. Enumerable.Range(0, 60).Select(static note => ChatReplyCall.Of("post_to_board",
                    new { text = $"note {note}" }))]
                },
                1 => ChatReply.Call("read_board", new { }),
                2 => ChatReply.Call("read_board", new { from = 50 }),
                _ => ChatReply.Say("done"),
            });

        await host.RunAsync();

        string[] pages = [host.LeadResults(2)[0], host.LeadResults(3)[0]];
        Assert.That(pages[0], Does.EndWith("Go on with from 50."));
        Assert.That(pages.Select(static page => page.Split("note ").Length - 1), Is.EqualTo(new[] { 50, 10 }));
    }

    [TestCase("post_to_board")]
    [TestCase]
    public async Task Board_OfALeadWithoutThePermission_IsNotItsSubAgentsEither(params string[] tools)
    {
        await using RunHost host = await StartAsync(
            ["echo", .. tools],
            static request => request.Turn == 0
                ? ChatReply.Call("Task", new { description = "pry", prompt = "Read the board.", subagent_type = "spy" })
                : ChatReply.Say("done"),
            static request => request.Turn == 0 ? ChatReply.Call("read_board", new { }) : ChatReply.Say(request.Last("tool")),
            Agent.Create("spy").WithDescription("Pries.").WithInstructions("Pry.")
                .WithTools([.. BoardTools, "read_shared_artifact", "echo"]));

        await host.RunAsync(request: new() { Agent = "worker" });

        Assert.That(host.LeadResults(1)[0], Does.Contain("there is no tool 'read_board'"));
        Assert.That(host.Model.Requests.First(static request => !IsLead(request)).Tools, Is.EquivalentTo(tools.Append("echo")));
    }

    private static Task<RunHost> StartAsync(
        string[] tools, Func<ChatRequest, ChatReply> lead, Func<ChatRequest, ChatReply>? child = null,
        params AgentBuilder[] agents) =>
        RunHost.StartAsync(
            services =>
            {
                foreach (AgentBuilder agent in agents)
                {
                    Microsoft.Extensions.DependencyInjection.AgentServiceCollectionExtensions.AddAgent(services, agent.Build());
                }
            },
            request => IsLead(request) ? lead(request) : child!(request),
            [Echo],
            agent => agent.WithInstructions(LeadInstructions).WithTools(tools).WithDelegation(Delegation.Claude));
}
