using AgentFunctions.AzureStorage;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

public sealed class AgentStorageFactoryTests
{
    [TestCase("https://one.blob.core.windows.net/", "AzureWebJobsStorage:accountName=one")]
    [TestCase("https://one.blob.core.windows.net/", "AzureWebJobsStorage:accountName=one",
        "AzureWebJobsStorage:credential=managedidentity", "AzureWebJobsStorage:clientId=x")]
    [TestCase("https://one.blob.core.usgovcloudapi.net/", "AzureWebJobsStorage:accountName=one",
        "AZURE_AUTHORITY_HOST=https://login.microsoftonline.us/")]
    [TestCase("https://one.blob.core.chinacloudapi.cn/", "AgentStorage:accountName=one",
        "AZURE_AUTHORITY_HOST=https://login.chinacloudapi.cn")]
    [TestCase("https://two.blob.example/", "AgentStorage:serviceUri=https://two.blob.example",
        "AzureWebJobsStorage:accountName=one")]
    [TestCase("https://two.blob.example/", "AgentStorage:blobServiceUri=https://two.blob.example",
        "AgentStorage:serviceUri=https://three.blob.example")]
    [TestCase("http://127.0.0.1:10000/devstoreaccount1", "AzureWebJobsStorage=UseDevelopmentStorage=true")]
    public void Create_BySettings_ConnectsToTheAccount(string address, params string[] settings) =>
        Assert.That(AgentStorageFactory.Create(Configuration(settings)).Uri, Is.EqualTo(new Uri(address)));

    [TestCase("AgentStorage__blobServiceUri", "AgentStorage:blobServiceUri=two.blob.example")]
    [TestCase("AgentStorage__credential", "AgentStorage:accountName=one", "AgentStorage:credential=workload")]
    [TestCase("AgentStorage__blobServiceUri")]
    public void Create_OfWhatIsNoAccount_NamesTheSetting(string setting, params string[] settings) =>
        Assert.That(
            () => AgentStorageFactory.Create(Configuration(settings)),
            Throws.InstanceOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.InvalidInput).And.Message.Contain(setting));

    private static IConfiguration Configuration(string[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static setting => setting.Split('=', 2))
            .Select(static parts => KeyValuePair.Create(parts[0], (string?)parts[1])))
        .Build();
}
