using System.Net;
using System.Net.Sockets;
using AgentFunctions.AzureFunctions.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

/// <summary>A start from cold waits for no server: the storage account is asked only once the host calls a function.</summary>
[CancelAfter(1_800_000)]
public sealed class FirstUseTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Start_BeforeTheFirstInvocation_AsksTheStorageAccountNothing()
    {
        using var account = new TcpListener(IPAddress.Loopback, 0);
        account.Start();
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(
        [
            new("AzureWebJobsStorage", ConnectionString((IPEndPoint)account.LocalEndpoint)),
            new("Functions:Worker:HostEndpoint", "http://127.0.0.1:1"),
            new("Functions:Worker:WorkerId", "one"),
            new("Functions:Worker:RequestId", "one"),
            new("Functions:Worker:GrpcMaxMessageLength", "65536"),
        ]);
        builder.ConfigureAgentFunctions();
        await using ServiceProvider services = builder.Services.BuildServiceProvider();
        Task<TcpClient> first = account.AcceptTcpClientAsync(Cancel).AsTask();

        foreach (IHostedService service in services.GetServices<IHostedService>().Where(IsOwn))
        {
            await service.StartAsync(Cancel);
        }

        _ = services.GetRequiredService<ApiRouter>();
        _ = services.GetRequiredService<FunctionRunner>();
        Assert.That(first.IsCompleted, Is.False, "the start asked the account");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task started = services.GetRequiredService<StartedServices>().RunAsync(stop.Token);
        using TcpClient client = await first;
        await stop.CancelAsync();
        client.Close();
        account.Stop();
        await started.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static bool IsOwn(IHostedService service) =>
        service.GetType().Assembly.GetName().Name?.StartsWith(nameof(AgentFunctions), StringComparison.Ordinal) == true;

    private static string ConnectionString(IPEndPoint account) =>
        "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=a2V5;BlobEndpoint=http://" + account + "/one";
}
