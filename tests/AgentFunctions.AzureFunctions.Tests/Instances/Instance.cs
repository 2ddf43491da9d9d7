using System.Text.Json;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.AzureFunctions.Tests.InProcess;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.TestKit;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>
/// One instance of an app: services of its own, with all that they remember, on the storage account that all instances share. A
/// killed one does nothing more: what its steps ask of the account goes nowhere, and no answer reaches them.
/// </summary>
internal sealed class Instance : IAsyncDisposable
{
    private static readonly AsyncLocal<Instance?> s_current = new();

    private readonly ServiceProvider _services;
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private volatile bool _isLastSent;
    private int _requestsLeft;

    public Instance(int number, string account, OpenAIProtocolServer model, Action<IServiceCollection> add,
        KeyValuePair<string, string?>[] settings)
    {
        Number = number;
        var options = new BlobClientOptions();
        options.AddPolicy(new Line(this, _over.Token), HttpPipelinePosition.PerRetry);
        _services = AppServices.Build(model, AzuriteServer.Connect(account, options), add, settings);
    }

    /// <summary>The number of the instance, from 0.</summary>
    public int Number { get; }

    /// <summary>Whether it lives.</summary>
    public bool IsAlive => !_killed.Task.IsCompleted;

    /// <summary>The instance whose step calls this; <see langword="null"/> if none does.</summary>
    public static Instance? Current => s_current.Value;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Gets how many steps it was given.</summary>
    public int Steps { get; private set; }

    /// <summary>Runs a step, as its trigger does.</summary>
    /// <returns>The result; nothing if the instance was killed meanwhile.</returns>
    public async Task<(bool IsDone, JsonElement? Result)> StepAsync(string name, string instanceId, JsonElement? input,
        DurableTaskClient client)
    {
        Steps++;
        return await CallAsync(() => Get<FunctionRunner>()
            .StepAsync(name, input ?? default, instanceId, client, CancellationToken.None));
    }

    /// <summary>Asks the instance for something, as a step or a caller does.</summary>
    /// <returns>The result; nothing if the instance was killed meanwhile.</returns>
    public async Task<(bool IsDone, T? Result)> CallAsync<T>(Func<Task<T>> call)
    {
        Task<T> asked = Task.Run(() =>
        {
            s_current.Value = this;
            return call();
        });
        await Task.WhenAny(asked, _killed.Task);
        return IsAlive ? (true, await asked) : (false, default);
    }

    public Task<JsonElement?> OrchestrateAsync(TaskOrchestrationContext context) =>
        Get<FunctionRunner>().OrchestrateAsync(context);

    /// <summary>Ends it at once, in the middle of whatever it is at.</summary>
    public void Kill()
    {
        _killed.TrySetResult();
        _ = Get<KillWatcher>().StoppingAsync(CancellationToken.None);
    }

    /// <summary>
    /// Ends it at a request of its own to the storage account: before it is sent, or before its answer is read.
    /// </summary>
    /// <param name="requests">How many more requests it makes, the last one included.</param>
    /// <param name="isSent">Whether the last one still reaches the account.</param>
    public void KillAt(int requests, bool isSent) => (_isLastSent, _requestsLeft) = (isSent, requests);

    private void Requested(bool isSent)
    {
        if (isSent == _isLastSent && _requestsLeft > 0 && Interlocked.Decrement(ref _requestsLeft) == 0)
        {
            Kill();
        }
    }

    /// <summary>Returns while the instance lives, and never again once it was killed.</summary>
    public static Task PassAsync() => Current is { IsAlive: false } dead
        ? Task.Delay(Timeout.Infinite, dead._over.Token)
        : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _services.DisposeAsync();
        _over.Dispose();
    }

    /// <summary>The line to the storage account, which is cut when the instance is killed.</summary>
    private sealed class Line(Instance instance, CancellationToken over) : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            instance.Requested(isSent: false);
            await PassAsync();
            await ProcessNextAsync(message, pipeline);
            instance.Requested(isSent: true);
            await PassAsync();
            over.ThrowIfCancellationRequested();
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            ProcessNext(message, pipeline);
    }
}
