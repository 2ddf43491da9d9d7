using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Client;
using DurableTask.Core.History;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using NSubstitute;
using OrchestrationStatus = AgentFunctions.Durability.OrchestrationStatus;

namespace AgentFunctions.AzureFunctions.Tests.Durability;

public sealed class DurableTaskOrchestrationClientTests
{
    private static readonly OrchestrationMetadata Ended = new("RunAgent", "1") { RuntimeStatus = OrchestrationRuntimeStatus.Completed };

    [Test]
    public async Task WaitForCompletion_ConnectionEndsTheWait_WaitsOn()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.WaitForInstanceCompletionAsync("1", true, Arg.Any<CancellationToken>())
            .Returns(_ => Task.FromException<OrchestrationMetadata>(new OperationCanceledException()), _ => Task.FromResult(Ended));

        var client = new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = durable });

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
        var client = new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = durable });

        Assert.That(() => client.WaitForCompletionAsync("1", stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Get_FailedInTheHost_TellsItsWords()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", true, Arg.Any<CancellationToken>()).Returns(
            new OrchestrationMetadata("RunAgent", "1") { RuntimeStatus = OrchestrationRuntimeStatus.Failed, SerializedOutput = "the worker is gone" });

        var client = new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = durable });

        Assert.That((await client.GetAsync("1"))!.Failure!.Message, Is.EqualTo("the worker is gone"));
    }

    [Test]
    public async Task Purge_ChildWithAnIdOfItsOwn_IsFoundInTheHistory()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync(Arg.Any<string>(), false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetAllInstancesAsync(Arg.Any<OrchestrationQuery>()).Returns(Pageable.Create((_, _, _) => Task.FromResult(new Page<OrchestrationMetadata>([]))));
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>())
            .Returns([new SubOrchestrationInstanceCreatedEvent(0) { InstanceId = "child" }]);
        durable.GetOrchestrationHistoryAsync("child", Arg.Any<CancellationToken>())
            .Returns<IList<HistoryEvent>>(_ => throw new RpcException(new Status(StatusCode.Unimplemented, "no")));
        durable.PurgeInstanceAsync(Arg.Any<string>(), Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>()).Returns(new PurgeResult(1));

        int count = await new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = durable }).PurgeAsync("1");

        Assert.That(count, Is.EqualTo(2));
        await durable.Received(1).PurgeInstanceAsync("child", Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>());
    }

    [Test]
    public void ReadHistory_BackendThatHasNone_SaysSo()
    {
        DurableTaskClient durable = Substitute.For<DurableTaskClient>("test");
        durable.GetInstanceAsync("1", false, Arg.Any<CancellationToken>()).Returns(Ended);
        durable.GetOrchestrationHistoryAsync("1", Arg.Any<CancellationToken>())
            .Returns<IList<HistoryEvent>>(_ => throw new RpcException(new Status(StatusCode.Unimplemented, "no histories here")));
        var client = new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = durable });

        Assert.That(
            async () => await client.ReadHistoryAsync("1").GetAsyncEnumerator().MoveNextAsync(),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput).And.Message.Contain("no histories here"));
    }
}
