// The function app on Flex Consumption. Cost: GB-seconds and executions while it works, and the always-ready instances by
// the second whether it works or not.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param deploymentContainer string
param applicationInsights string

@description('Empty where orchestrations are kept in Azure Storage.')
param schedulerEndpoint string
param taskHub string
param openaiEndpoint string
param openaiDeployment string

@description('US dollars per million tokens; empty for not known.')
param modelPriceInput string
param modelPriceOutput string
param apiKeyUri string
param subnetId string
param maximumInstances int
param instanceMemoryMB int
param alwaysReady int
param alwaysReadyHttp int
param httpConcurrency int

@secure()
@description('Further settings; one that is set here too is taken from there.')
param settings { *: string }

var storageSettings = {
  AzureWebJobsStorage__accountName: storageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
}
// The host.json that is published names the scheduler (samples/FunctionApp), and the platform scales the app by it; with the other
// backend these override it for the host.
var backendSettings = empty(schedulerEndpoint)
  ? {
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'AzureStorage'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'AzureWebJobsStorage'
    }
  : {
      DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};TaskHub=${taskHub};Authentication=ManagedIdentity;ClientID=${identityClientId}'
    }

// The endpoint and the deployment of this model are those of the usual variables.
var priceSettings = empty(modelPriceInput)
  ? {}
  : {
      Models__default__Provider: 'azure'
      Models__default__Price__Input: modelPriceInput
      Models__default__Price__Output: modelPriceOutput
    }

var appSettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // Else the platform's own page answers at /, where the dashboard begins.
  AzureWebJobsDisableHomepage: 'true'
  AZURE_CLIENT_ID: identityClientId
  AZURE_OPENAI_ENDPOINT: openaiEndpoint
  AZURE_OPENAI_DEPLOYMENT: openaiDeployment
  Api__Key: '@Microsoft.KeyVault(SecretUri=${apiKeyUri})'
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: concat(
          alwaysReady == 0 ? [] : [{ name: 'durable', instanceCount: alwaysReady }],
          alwaysReadyHttp == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyHttp }]
        )
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }

  // These are all settings that the app has afterwards: what was set by other ways is gone.
  resource all 'config' = {
    name: 'appsettings'
    properties: union(storageSettings, backendSettings, priceSettings, appSettings, settings)
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
