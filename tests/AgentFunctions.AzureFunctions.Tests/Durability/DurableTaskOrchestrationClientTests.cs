using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Client;
using DurableTask.Core.History;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using OrchestrationStatus = AgentFunctions.Durability.OrchestrationStatus;

namespace AgentFunctions.AzureFunctions.Tests.Durability;

public sealed class DurableTaskOrchestrationClientTests
{
    private static readonly OrchestrationMetadata Ended =
        new("RunAgent", "1") { RuntimeStatus = OrchestrationRuntimeStatus.Completed };

    [Test]
    public async Task WaitForCompletion_ConnectionEndsTheWait_WaitsOn()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.WaitForInstanceCompletionAsync("1", true, Arg.Any<CancellationToken>())
            .Returns(_ => Task.FromException<OrchestrationMetadata>(new OperationCanceledException()),
                _ => Task.FromResult(Ended));

        DurableTaskOrchestrationClient client = ClientOf(durable);

        Assert.That((await client.WaitForCompletionAsync("1")).Status, Is.EqualTo(OrchestrationStatus.Completed));
    }

    [Test]
    public void WaitForCompletion_CallerStops_Stops()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        using var stop = new CancellationTokenSource();
        durable.WaitForInstanceCompletionAsync("1", true, stop.Token).Returns(_ =>
        {
            stop.Cancel();
            return Task.FromException<OrchestrationMetadata>(new OperationCanceledException());
        });
        DurableTaskOrchestrationClient client = ClientOf(durable);

        Assert.That(() => client.WaitForCompletionAsync("1", stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Get_FailedInTheHost_TellsItsWords()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", true, Arg.Any<CancellationToken>()).Returns(
            new OrchestrationMetadata("RunAgent", "1")
            {
                RuntimeStatus = OrchestrationRuntimeStatus.Failed,
                SerializedOutput = "the worker is gone",
            });

        DurableTaskOrchestrationClient client = ClientOf(durable);

        Assert.That((await client.GetAsync("1"))!.Failure!.Message, Is.EqualTo("the worker is gone"));
    }

    [Test]
    public async Task Purge_ChildWithAnIdOfItsOwn_IsFoundInTheHistory()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync(Arg.Any<string>(), false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>())
            .Returns(Pageable.Create((_, _, _) => Task.FromResult(new Page<OrchestrationMetadata>([]))));
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>())
            .Returns(_ => [new SubOrchestrationInstanceCreatedEvent(0) { InstanceId = "child" }], _ => []);
        durable.GetOrchestrationHistoryAsync("child", Arg.Any<CancellationToken>())
            .Returns<IList<HistoryEvent>>(_ => throw new RpcException(new Status(StatusCode.Unimplemented, "no")));
        durable.PurgeInstanceAsync(Arg.Any<string>(), Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>())
            .Returns(new PurgeResult(1));

        int count = await ClientOf(durable).PurgeAsync("1");

        Assert.That(count, Is.EqualTo(2));
        await durable.Received(1).PurgeInstanceAsync("child", Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>());
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task Purge_HistoryIsLeft_IsPurgedAgain(int left)
    {
        (DurableTaskClient durable, DurableTaskOrchestrationClient client) = BackendThatKeepsHistories(left);

        await client.PurgeAsync("1");

        await durable.Received(left + 1).PurgeInstanceAsync("1", Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>());
    }

    [Test]
    public void Purge_HistoryNeverGoes_SaysSo()
    {
        (_, DurableTaskOrchestrationClient client) = BackendThatKeepsHistories(int.MaxValue);

        Assert.That(
            () => client.PurgeAsync("1"),
            Throws.InstanceOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.EngineUnavailable).And.Message.Contain("still has its history"));
    }

    [Test]
    public async Task Purge_HistoryOfWhatIsGone_IsNone()
    {
        (DurableTaskClient durable, DurableTaskOrchestrationClient client) = BackendThatKeepsHistories(0);
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>()).Returns<IList<HistoryEvent>>(
            _ => [], _ => throw new ArgumentException("no instance",
                new RpcException(new Status(StatusCode.NotFound, "no instance"))));

        Assert.That(await client.PurgeAsync("1"), Is.EqualTo(1));
    }

    /// <summary>A backend that has one instance and reports it as purged so often before its history is gone.</summary>
    private static (DurableTaskClient Durable, DurableTaskOrchestrationClient Client) BackendThatKeepsHistories(int purges)
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        int purged = 0;
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>())
            .Returns(Pageable.Create((_, _, _) => Task.FromResult(new Page<OrchestrationMetadata>([]))));
        durable.PurgeInstanceAsync("1", Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>())
            .Returns(_ => new PurgeResult(purged++ == 0 ? 1 : 0));
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>()).Returns<IList<HistoryEvent>>(
            _ => purged <= purges ? [new OrchestratorStartedEvent(-1)] : []);
        return (durable, ClientOf(durable));
    }

    [Test]
    public void ReadHistory_BackendThatHasNone_SaysSo()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>())
            .Returns<IList<HistoryEvent>>(_ => throw new RpcException(new Status(StatusCode.Unimplemented, "no histories here")));
        DurableTaskOrchestrationClient client = ClientOf(durable);

        Assert.That(
            async () => await client.ReadHistoryAsync("1").GetAsyncEnumerator().MoveNextAsync(),
            Throws.InstanceOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.InvalidInput).And.Message.Contain("no histories here"));
    }

    [Test]
    public async Task Suspend_OfWhatHolds_AsksTheBackendForNothing()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(In(OrchestrationRuntimeStatus.Suspended));

        await ClientOf(durable).SuspendAsync("1");

        await durable.DidNotReceive().SuspendInstanceAsync("1", Arg.Any<string?>(), Arg.Any<CancellationToken>());
    }

    [Test]
    public async Task Suspend_BackendTakesItsTime_ReturnsOnceItHolds()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        OrchestrationMetadata running = In(OrchestrationRuntimeStatus.Running);
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>())
            .Returns(running, running, running, In(OrchestrationRuntimeStatus.Suspended));

        await ClientOf(durable).SuspendAsync("1");

        await durable.Received(1).SuspendInstanceAsync("1", Arg.Any<string?>(), Arg.Any<CancellationToken>());
        await durable.Received(4).GetInstanceAsync("1", false, Arg.Any<CancellationToken>());
    }

    [TestCase(StatusCode.FailedPrecondition)]
    [TestCase(StatusCode.Unknown)]
    public async Task Control_OthersWereFaster_IsNoFault(StatusCode refusal)
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("holds", false, Arg.Any<CancellationToken>())
            .Returns(In(OrchestrationRuntimeStatus.Running), In(OrchestrationRuntimeStatus.Suspended));
        durable.GetInstanceAsync("goes", false, Arg.Any<CancellationToken>())
            .Returns(In(OrchestrationRuntimeStatus.Suspended), In(OrchestrationRuntimeStatus.Running));
        durable.GetInstanceAsync("ends", false, Arg.Any<CancellationToken>())
            .Returns(In(OrchestrationRuntimeStatus.Running), Ended);
        var fault = new RpcException(new Status(refusal, "Cannot do that in this state."));
        durable.SuspendInstanceAsync("holds", Arg.Any<string?>(), Arg.Any<CancellationToken>()).ThrowsAsync(fault);
        durable.ResumeInstanceAsync("goes", Arg.Any<string?>(), Arg.Any<CancellationToken>()).ThrowsAsync(fault);
        durable.TerminateInstanceAsync("ends", Arg.Any<TerminateInstanceOptions>(), Arg.Any<CancellationToken>())
            .ThrowsAsync(fault);
        DurableTaskOrchestrationClient client = ClientOf(durable);

        await client.SuspendAsync("holds");
        await client.ResumeAsync("goes");
        await client.TerminateAsync("ends", null, recursive: false);

        await durable.Received(1).SuspendInstanceAsync("holds", Arg.Any<string?>(), Arg.Any<CancellationToken>());
        await durable.Received(1).ResumeInstanceAsync("goes", Arg.Any<string?>(), Arg.Any<CancellationToken>());
    }

    [Test]
    public void Control_BackendIsAway_SaysSo()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(In(OrchestrationRuntimeStatus.Running));
        durable.SuspendInstanceAsync("1", Arg.Any<string?>(), Arg.Any<CancellationToken>())
            .ThrowsAsync(new RpcException(new Status(StatusCode.Unavailable, "away")));

        Assert.That(
            () => ClientOf(durable).SuspendAsync("1"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
    }

    [Test]
    public async Task Terminate_OfARootThatHasEnded_EndsWhatIsLeftThoughOneEndsMeanwhile()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(In(OrchestrationRuntimeStatus.Terminated));
        durable.GetInstanceAsync("1.a", false, Arg.Any<CancellationToken>()).Returns(Ended);
        OrchestrationMetadata[] live = [.. new[] { "1.a", "1.b", "1.c" }.Select(
            static id => new OrchestrationMetadata("RunAgent", id) { RuntimeStatus = OrchestrationRuntimeStatus.Running })];
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>())
            .Returns(Pageable.Create((_, _, _) => Task.FromResult(new Page<OrchestrationMetadata>(live))));
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>()).Returns(_ => []);
        durable.TerminateInstanceAsync("1.a", Arg.Any<TerminateInstanceOptions>(), Arg.Any<CancellationToken>())
            .ThrowsAsync(new RpcException(new Status(StatusCode.FailedPrecondition, "It has ended.")));

        await ClientOf(durable).TerminateAsync("1");

        foreach (string id in (string[])["1.a", "1.b", "1.c"])
        {
            await durable.Received(1).TerminateInstanceAsync(
                id, Arg.Any<TerminateInstanceOptions>(), Arg.Any<CancellationToken>());
        }
    }

    [TestCase(StatusCode.Unknown)]
    [TestCase(StatusCode.Unavailable)]
    [TestCase(StatusCode.Internal)]
    public async Task Query_BackendFailsAtTheSecondPage_IsItsFaultAndNotTheCallers(StatusCode fault)
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>()).Returns(Pageable.Create((token, _, _) => token is null
            ? Task.FromResult(new Page<OrchestrationMetadata>([In(OrchestrationRuntimeStatus.Running)], "next"))
            : Task.FromException<Page<OrchestrationMetadata>>(
                new RpcException(new Status(fault, "Exception was thrown by handler.")))));
        DurableTaskOrchestrationClient client = ClientOf(durable);

        string? next = (await client.QueryAsync(new())).ContinuationToken;

        Assert.That(() => client.QueryAsync(new() { ContinuationToken = next }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(() => client.PurgeAsync("1"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
    }

    [Test]
    public async Task Query_WithAToken_AsksTheBackendWithItsOwnAndRefusesWhatIsNone()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        List<string?> asked = [];
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>()).Returns(Pageable.Create((token, _, _) =>
        {
            asked.Add(token);
            return Task.FromResult(new Page<OrchestrationMetadata>([], token is null ? "{\"next\": 1}" : null));
        }));
        DurableTaskOrchestrationClient client = ClientOf(durable);

        string next = (await client.QueryAsync(new())).ContinuationToken!;
        await client.QueryAsync(new() { ContinuationToken = next });

        foreach (string wrong in (string[])["", "no token", next[..^1], next + " ", "{\"next\": 1}"])
        {
            Assert.That(() => client.QueryAsync(new() { ContinuationToken = wrong }),
                Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput)
                    .And.Message.Contains("continuationToken"));
        }

        Assert.That(asked, Is.EqualTo(new[] { null, "{\"next\": 1}" }));
    }

    private static OrchestrationMetadata In(OrchestrationRuntimeStatus status) => new("RunAgent", "1") { RuntimeStatus = status };

    private static DurableTaskOrchestrationClient ClientOf(DurableTaskClient durable) =>
        new(new DurableTaskClientAccessor { Client = durable }, TimeProvider.System);
}
