using AgentFunctions.Core;
using Grpc.Core;

namespace AgentFunctions.DurableTask.Client;

/// <summary>Calls the Durable Task backend, and says in the errors of the port what it did not do.</summary>
internal static class BackendCall
{
    public static async Task RunAsync(Func<Task> call) => await RunAsync(async () =>
    {
        await call();
        return true;
    });

    public static async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            throw new AgentException(ErrorCode.Overloaded, "The Durable Task backend has too much to do; repeat later.", e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw Unable(e.Status.Detail, e);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw new AgentException(ErrorCode.EngineUnavailable,
                $"The Durable Task backend did not take the call: {e.Status.Detail}", e);
        }
        catch (RpcException e)
        {
            throw new OperationCanceledException("The call was cancelled.", e);
        }
        catch (NotSupportedException e)
        {
            throw Unable(e.Message, e);
        }
    }

    private static AgentException Unable(string words, Exception cause) => new(
        ErrorCode.InvalidInput, $"This Durable Task backend cannot do that: {words}", cause);
}
