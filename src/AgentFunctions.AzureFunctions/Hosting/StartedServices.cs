using System.Collections.Concurrent;
using AgentFunctions.Core;
using AgentFunctions.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// Starts what the library runs in every process, and stops it with the process. A function app has no engine before the
/// Functions host calls it, and a timer trigger runs on one instance of many, so each process starts its own with the first
/// invocation that it is given.
/// </summary>
internal sealed class StartedServices(IEnumerable<StartedService> services, IServiceProvider provider,
    DurableTaskClientAccessor clients, ILogger<StartedServices> log) : IHostedService
{
    private readonly ConcurrentDictionary<Type, bool> _done = new();
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _isDone;
    private volatile bool _isStopping;
    private int _isStarting;

    /// <summary>Moves the library's own services of that kind out of the host's list.</summary>
    public static void Take(IServiceCollection services)
    {
        ServiceDescriptor[] own =
        [
            .. services.Where(static service => service.ServiceType == typeof(IHostedService)
                && service.ImplementationType?.IsAssignableTo(typeof(IProcessService)) == true),
        ];
        foreach (ServiceDescriptor service in own)
        {
            services.Remove(service);
            services.AddSingleton(service.ImplementationType!);
            services.AddSingleton(new StartedService(service.ImplementationType!));
        }
    }

    /// <summary>
    /// Takes the client of an invocation and starts what this process has not started, beside the invocation: no step waits for
    /// it.
    /// </summary>
    /// <param name="client">The Durable Task client of the invocation.</param>
    public void Begin(DurableTaskClient client)
    {
        clients.Client = client;
        if (!_isDone && !_isStopping && Interlocked.Exchange(ref _isStarting, 1) == 0)
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await RunAsync(CancellationToken.None);
                }
                catch (Exception)
                {
                    // What failed is started by the next invocation; the timer trigger tells what keeps failing.
                }
                finally
                {
                    Volatile.Write(ref _isStarting, 0);
                }
            });
        }
    }

    /// <summary>
    /// Starts what has not been started in this process. What fails keeps nothing else from starting, and is started at the next
    /// call.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            Exception? failure = null;
            foreach (StartedService service in services.Where(service => !_isStopping && !_done.ContainsKey(service.Type)))
            {
                try
                {
                    await StartAsync(provider.GetRequiredService(service.Type), cancellationToken);
                    _done[service.Type] = true;
                }
                catch (Exception e)
                {
                    failure ??= e;
                }
            }

            if (failure is not null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }

            _isDone = !_isStopping;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Starts nothing: that waits for the first invocation.</summary>
    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stops what was started. What fails keeps nothing else from stopping.</summary>
    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            foreach (StartedService service in services.Where(service => _done.ContainsKey(service.Type)).Reverse())
            {
                try
                {
                    await StopAsync(provider.GetRequiredService(service.Type), cancellationToken);
                }
                catch (Exception e)
                {
                    HostingLog.NotStopped(log, service.Type.Name, e);
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private static Task StopAsync(object service, CancellationToken cancellationToken) =>
        service is IHostedLifecycleService lifecycle
        ? lifecycle.StoppingAsync(cancellationToken)
        : ((IHostedService)service).StopAsync(cancellationToken);

    private static Task StartAsync(object service, CancellationToken cancellationToken) =>
        service is IHostedLifecycleService lifecycle
        ? lifecycle.StartedAsync(cancellationToken)
        : ((IHostedService)service).StartAsync(cancellationToken);
}

/// <summary>A service that acts once its host has started.</summary>
/// <param name="Type">The service.</param>
internal sealed record StartedService(Type Type);
