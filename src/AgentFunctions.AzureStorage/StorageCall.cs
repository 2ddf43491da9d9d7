using Azure;
using Azure.Identity;

namespace AgentFunctions.AzureStorage;

/// <summary>Puts what the storage account answers into the words of the ports.</summary>
internal static class StorageCall
{
    public static async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsOfTheAccount(e) || e is AggregateException { InnerException: { } first }
            && (IsOfTheAccount(first) || first is OperationCanceledException))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Also a sign-in that fails: a managed identity may take a while to be there.</summary>
    private static bool IsOfTheAccount(Exception e) => e is RequestFailedException or IOException or AuthenticationFailedException;

    public static AgentException Unavailable(Exception cause) => new(
        ErrorCode.EngineUnavailable, $"The storage account did not take the call: {cause.Message.Split('\n')[0]}", cause);

    public static bool IsConditionNotMet(this RequestFailedException e) => e.Status is 409 or 412;

    public static bool IsMissing(this RequestFailedException e) => e.Status == 404;
}
